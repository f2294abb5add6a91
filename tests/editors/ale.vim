" The demo with ALE: wait for the diagnostic, take the first code action, save.
" `:sleep` lets messages and timers in.
let s:patience = 60
" Room for the question and what follows it: nobody is there to press Enter at "more".
set nomore lines=40 cmdheight=20

function! s:Await(what, condition) abort
    let l:start = reltime()
    while !eval(a:condition)
        if reltimefloat(reltime(l:start)) > s:patience
            throw 'waited in vain for ' . a:what
        endif
        sleep 50m
    endwhile
endfunction

function! s:Drive() abort
    call s:Await('the diagnostic', '!empty(getloclist(0))')
    let l:seen = map(getloclist(0), {_, found -> {'line': found.lnum, 'message': found.text}})
    call writefile([json_encode(l:seen)], $TOOEARLY_REPORT)

    let l:found = getloclist(0)[0]
    call cursor(l:found.lnum, l:found.col)
    let s:before = b:changedtick
    " The answer to the question that follows: the first of the list is the preferred one. Ctrl-U clears what the
    " terminal may have left in the input at the start.
    call feedkeys("\<C-U>1\<CR>", 't')
    ALECodeAction
    call s:Await('the fix', 'b:changedtick != s:before')
    silent write
endfunction

function! s:Main() abort
    try
        call s:Drive()
        qall!
    catch
        call writefile([v:exception, v:throwpoint] + split(execute('ALEInfo'), "\n"), '/dev/stderr', 'a')
        cquit 1
    endtry
endfunction

autocmd VimEnter * call s:Main()

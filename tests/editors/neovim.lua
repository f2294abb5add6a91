-- Neovim as a person uses it: wait for the diagnostic, take the preferred code action at the cursor, save.
local PATIENCE_MS = 60000

local function drive()
  local function await(what, condition)
    assert(vim.wait(PATIENCE_MS, condition, 50), 'waited in vain for ' .. what)
  end

  await('the diagnostic', function() return #vim.diagnostic.get(0) > 0 end)
  local seen = vim.tbl_map(function(found)
    return { line = found.lnum + 1, message = found.message, code = found.code, source = found.source }
  end, vim.diagnostic.get(0))
  vim.fn.writefile({ vim.json.encode(seen) }, vim.env.TOOEARLY_REPORT)

  local found = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  local before = vim.b.changedtick
  vim.lsp.buf.code_action({ filter = function(action) return action.isPreferred end, apply = true })
  await('the fix', function() return vim.b.changedtick ~= before end)
  vim.cmd.write()
  await('the diagnostic to go', function() return #vim.diagnostic.get(0) == 0 end)
end

local ok, reason = pcall(drive)
if not ok then
  io.stderr:write(tostring(reason) .. '\n')
  vim.cmd('cquit 1')
end
vim.cmd('qall!')

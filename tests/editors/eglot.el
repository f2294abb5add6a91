;;; eglot.el --- the demo with eglot: diagnostic, preferred fix, save -*- lexical-binding: t -*-

(load (expand-file-name "drive.el" (file-name-directory load-file-name)) nil t)
(require 'flymake)

(drive-open)
(drive-wait "the server" #'eglot-managed-p)
(flymake-start)
(drive-wait "the diagnostic" #'flymake-diagnostics)
(drive-report
 (mapcar (lambda (found)
           (cons (line-number-at-pos (flymake-diagnostic-beg found)) (flymake-diagnostic-text found)))
         (flymake-diagnostics)))

(let* ((found (car (flymake-diagnostics)))
       (last-nonmenu-event ?x)
       (before (buffer-string)))
  (goto-char (flymake-diagnostic-beg found))
  ;; Pressing Return at the question takes the default, which is the preferred action.
  (cl-letf (((symbol-function 'completing-read) (lambda (&rest question) (nth 6 question))))
    (eglot-code-actions (flymake-diagnostic-beg found) (flymake-diagnostic-end found) nil t))
  (drive-wait "the fix" (lambda () (not (equal before (buffer-string))))))
(save-buffer)
;;; eglot.el ends here

;;; lsp-mode.el --- the demo with lsp-mode: diagnostic, preferred fix, save -*- lexical-binding: t -*-

(load (expand-file-name "drive.el" (file-name-directory load-file-name)) nil t)

(setq lsp-auto-guess-root t                ; else it asks which folder is the project
      lsp-enable-suggest-server-download nil
      lsp-diagnostics-provider :none       ; the diagnostics are read from lsp-mode itself
      lsp-enable-file-watchers nil)

(defun drive-diagnostics ()
  "What the server said of this file."
  (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics)))

(drive-open)
(drive-wait "the server" (lambda () (lsp-workspaces)))
(drive-wait "the diagnostic" #'drive-diagnostics)
(drive-report
 (mapcar (lambda (found)
           (cons (1+ (lsp:position-line (lsp:range-start (lsp:diagnostic-range found))))
                 (lsp:diagnostic-message found)))
         (drive-diagnostics)))

(let ((start (lsp:range-start (lsp:diagnostic-range (car (drive-diagnostics)))))
      (before (buffer-string)))
  (goto-char (lsp--position-to-point start))
  (lsp-execute-code-action (seq-find #'lsp:code-action-is-preferred? (lsp-code-actions-at-point)))
  (drive-wait "the fix" (lambda () (not (equal before (buffer-string))))))
(save-buffer)
;;; lsp-mode.el ends here

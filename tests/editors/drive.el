;;; drive.el --- what the two clients in Emacs share -*- lexical-binding: t -*-
;; Batch mode has no command loop: what runs on its hooks and timers is run here by hand.

(require 'json)
(require 'cl-lib)

(defconst drive-patience-seconds 60)

(defun drive-wait (what condition)
  "Let messages in until CONDITION holds; fail with WHAT was waited for."
  (let ((deadline (+ (float-time) drive-patience-seconds)))
    (while (not (funcall condition))
      (when (> (float-time) deadline)
        (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05))))

(defun drive-open ()
  "Visit the file named on the command line."
  (find-file (car (last command-line-args)))
  (setq command-line-args-left nil)
  (run-hooks 'post-command-hook))

(defun drive-report (diagnostics)
  "Write DIAGNOSTICS, a list of (LINE . MESSAGE), where the test reads them."
  (with-temp-file (getenv "TOOEARLY_REPORT")
    (insert (json-encode
             (apply #'vector
                    (mapcar (lambda (found) `((line . ,(car found)) (message . ,(cdr found))))
                            diagnostics))))))

(provide 'drive)
;;; drive.el ends here

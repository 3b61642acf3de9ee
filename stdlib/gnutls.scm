;;; Commentary:
;;;
;;; The names of GnuTLS-Guile that Guix uses. GnuTLS is not here; (web client)
;;; reaches HTTPS servers without it.
;;;
;;; Code:

(define-module (gnutls)
  #:use-module (fruix unavailable))

(define-unavailable "GnuTLS"
  "open the connection with (web client)"
  make-session bye handshake rehandshake reauthenticate session-record-port
  session-peer-certificate-chain session-our-certificate-chain
  set-session-transport-fd! set-session-transport-port!
  set-session-default-priority! set-session-priorities!
  set-session-credentials! set-session-server-name!
  make-certificate-credentials set-certificate-credentials-x509-trust-file!
  set-certificate-credentials-verify-flags! peer-certificate-status
  import-x509-certificate x509-certificate-matches-hostname?
  x509-certificate-dn set-log-procedure! set-log-level! record-send
  record-receive! error->string certificate-status->string gnutls-version)

(define-constants
  connection-end/client connection-end/server server-name-type/dns
  x509-certificate-format/pem x509-certificate-format/der
  error/premature-termination error/fatal-alert-received
  error/warning-alert-received error/invalid-session error/again
  error/interrupted error/push-error error/pull-error close-request/rdwr
  close-request/wr certificate-status/invalid certificate-status/revoked
  certificate-status/signer-not-found certificate-status/signer-not-ca
  certificate-status/insecure-algorithm)

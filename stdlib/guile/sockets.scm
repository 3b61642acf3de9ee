;;; Networking: accessors, and searches that end in exceptions of their own.

(define (sockaddr:fam address) (vector-ref address 0))
(define (sockaddr:path address) (vector-ref address 1))
(define (sockaddr:addr address) (vector-ref address 1))
(define (sockaddr:port address) (vector-ref address 2))
(define (sockaddr:flowinfo address) (vector-ref address 3))
(define (sockaddr:scopeid address) (vector-ref address 4))

(define (addrinfo:flags info) (vector-ref info 0))
(define (addrinfo:fam info) (vector-ref info 1))
(define (addrinfo:socktype info) (vector-ref info 2))
(define (addrinfo:protocol info) (vector-ref info 3))
(define (addrinfo:addr info) (vector-ref info 4))
(define (addrinfo:canonname info) (vector-ref info 5))

(define* (getaddrinfo name #:optional service (flags 0) (family 0) (socktype 0) (protocol 0))
  (let ((found (%getaddrinfo name
                             (if (integer? service) (number->string service) service)
                             flags family socktype protocol)))
    (if (integer? found)
        (throw 'getaddrinfo-error found)
        found)))

(define (hostent:name host) (vector-ref host 0))
(define (hostent:aliases host) (vector-ref host 1))
(define (hostent:addrtype host) (vector-ref host 2))
(define (hostent:length host) (vector-ref host 3))
(define (hostent:addr-list host) (vector-ref host 4))

(define* (gethost #:optional host)
  (if host
      (let ((found (%gethost host)))
        (case found
          ((#f) (throw 'host-not-found "gethost" "Unknown host" #f '()))
          ((try-again) (throw 'try-again "gethost" "Host name lookup failure" #f '()))
          (else found)))
      (%next-host)))
(define (gethostbyname name) (gethost name))
(define (gethostbyaddr address) (gethost address))
(define (gethostent) (gethost))
(define* (sethostent #:optional stay-open?) (sethost stay-open?))
(define (endhostent) (sethost))

(define (%entry-not-found who what key)
  (scm-error 'system-error who (string-append "no such " what " ~A") (list key) (list 0)))

(define (netent:name net) (vector-ref net 0))
(define (netent:aliases net) (vector-ref net 1))
(define (netent:addrtype net) (vector-ref net 2))
(define (netent:net net) (vector-ref net 3))

(define* (getnet #:optional key)
  (if key
      (or (%getnet key #f) (%entry-not-found "getnet" "network" key))
      (%next-net)))
(define (getnetbyname name) (getnet name))
(define (getnetbyaddr number) (getnet number))
(define (getnetent) (getnet))
(define* (setnetent #:optional stay-open?) (setnet stay-open?))
(define (endnetent) (setnet))

(define (protoent:name proto) (vector-ref proto 0))
(define (protoent:aliases proto) (vector-ref proto 1))
(define (protoent:proto proto) (vector-ref proto 2))

(define* (getproto #:optional key)
  (if key
      (or (%getproto key #f) (%entry-not-found "getproto" "protocol" key))
      (%next-proto)))
(define (getprotobyname name) (getproto name))
(define (getprotobynumber number) (getproto number))
(define (getprotoent) (getproto))
(define* (setprotoent #:optional stay-open?) (setproto stay-open?))
(define (endprotoent) (setproto))

(define (servent:name service) (vector-ref service 0))
(define (servent:aliases service) (vector-ref service 1))
(define (servent:port service) (vector-ref service 2))
(define (servent:proto service) (vector-ref service 3))

(define* (getserv #:optional key protocol)
  (if key
      (or (%getserv key protocol) (%entry-not-found "getserv" "service" key))
      (%next-serv)))
(define (getservbyname name protocol) (getserv name protocol))
(define (getservbyport port protocol) (getserv port protocol))
(define (getservent) (getserv))
(define* (setservent #:optional stay-open?) (setserv stay-open?))
(define (endservent) (setserv))

;; Older names.
(define (inet-aton text) (inet-pton AF_INET text))
(define (inet-ntoa address) (inet-ntop AF_INET address))

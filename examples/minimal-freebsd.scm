;; A small FreeBSD machine: FreeBSD's loader, kernel, init and rc.d, which
;; starts Shepherd.
;;
;; The base system comes from the directory that FRUIX_FREEBSD_BASE names (or
;; from "/" on a FreeBSD machine):
;;
;;   FRUIX_FREEBSD_BASE=/path/to/base fruix system image examples/minimal-freebsd.scm
(use-modules (gnu system)
             (gnu system file-systems)
             (gnu system shadow)
             (gnu bootloader)
             (gnu services)
             (gnu services base)
             (fruix packages freebsd))

(operating-system
  (host-name "minimal")
  (timezone "Europe/Berlin")

  (kernel freebsd-kernel)
  (bootloader (bootloader-configuration (timeout 1)))

  (file-systems
   (cons (file-system
           (device (file-system-label "fruix-root"))
           (mount-point "/")
           (type "ufs"))
         %freebsd-base-file-systems))

  ;; The password is "fruix"; make another with "openssl passwd -6".
  (users
   (list (user-account
           (name "alice")
           (comment "Alice")
           (group "users")
           (supplementary-groups '("wheel"))
           (password "$6$fruixfruix$AzigegqfrWv0mcZubS26JbYqnrmAJslXBTJUcQYzJyeY.xzH7gTzmvEhYo1LD.Ko/tXajW74HMfz9HhXuHBSQ/"))))

  (services
   (append (list (service freebsd-dhcp-client-service-type))
           %freebsd-base-services)))

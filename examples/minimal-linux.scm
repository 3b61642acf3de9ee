;; A small Linux machine: a kernel, Shepherd, a shell on the serial line.
;;
;;   fruix system image examples/minimal-linux.scm
(use-modules (gnu system)
             (gnu system file-systems)
             (gnu system shadow)
             (gnu bootloader)
             (gnu services)
             (gnu services base)
             (fruix packages linux))

(operating-system
  (host-name "minimal")
  (timezone "Europe/Berlin")
  (locale "en_US.UTF-8")

  (kernel linux)
  (kernel-arguments (list "loglevel=6"))
  (bootloader (bootloader-configuration (timeout 0)))

  (file-systems
   (cons (file-system
           (device (file-system-label "fruix-root"))
           (mount-point "/")
           (type "ext4"))
         %base-file-systems))

  ;; The passwords are "fruix"; make others with "mkpasswd -m sha512crypt".
  (users
   (list (user-account
           (name "root")
           (uid 0)
           (group "root")
           (comment "System administrator")
           (home-directory "/root")
           (shell "/bin/sh")
           (system? #t)
           (password "$6$fruixfruix$AzigegqfrWv0mcZubS26JbYqnrmAJslXBTJUcQYzJyeY.xzH7gTzmvEhYo1LD.Ko/tXajW74HMfz9HhXuHBSQ/"))
         (user-account
           (name "alice")
           (comment "Alice")
           (group "users")
           (supplementary-groups '("wheel"))
           (password "$6$fruixfruix$AzigegqfrWv0mcZubS26JbYqnrmAJslXBTJUcQYzJyeY.xzH7gTzmvEhYo1LD.Ko/tXajW74HMfz9HhXuHBSQ/"))))

  (packages (list busybox))

  (services
   (append (list (simple-service 'network-driver
                                 kernel-module-loader-service-type
                                 '("virtio_net"))
                 (service dhcp-client-service-type))
           %base-services)))

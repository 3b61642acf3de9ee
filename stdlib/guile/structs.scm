;;; Structures: the constants; the rest is native.

(define <standard-vtable> (%standard-vtable))

(define <applicable-struct-vtable> (%applicable-struct-vtable))

(define <applicable-struct-with-setter-vtable> (%applicable-struct-with-setter-vtable))

(define standard-vtable-fields (%standard-vtable-fields))

(define vtable-index-layout 0)

(define vtable-index-printer 3)

(define vtable-index-name 4)

(define vtable-offset-user 8)

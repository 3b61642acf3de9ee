package module

import "strings"

// guests are the names that the base module offers although Guile keeps them
// elsewhere: in (rnrs bytevectors), (ice-9 textual-ports), (srfi srfi-4) and
// others. The library needs them at one place. A program that imports another
// meaning of such a name overrides nothing that it knows of.
const guests = `
&assertion-failure &external-error &implementation-restriction &irritants &lexical &message
&origin &syntax &undefined-variable &warning AT_FDCWD append-reverse arithmetic-shift assert
assertion-failure? binary-port? boolean=? box box? bytevector bytevector->sint-list
bytevector->u8-list bytevector->uint-list bytevector-append bytevector-copy bytevector-copy!
bytevector-fill! bytevector-ieee-double-native-ref bytevector-ieee-double-native-set!
bytevector-ieee-double-ref bytevector-ieee-double-set! bytevector-ieee-single-native-ref
bytevector-ieee-single-native-set! bytevector-ieee-single-ref bytevector-ieee-single-set!
bytevector-length bytevector-s16-native-ref bytevector-s16-native-set! bytevector-s16-ref
bytevector-s16-set! bytevector-s32-native-ref bytevector-s32-native-set! bytevector-s32-ref
bytevector-s32-set! bytevector-s64-native-ref bytevector-s64-native-set! bytevector-s64-ref
bytevector-s64-set! bytevector-s8-ref bytevector-s8-set! bytevector-sint-ref
bytevector-sint-set! bytevector-u16-native-ref bytevector-u16-native-set! bytevector-u16-ref
bytevector-u16-set! bytevector-u32-native-ref bytevector-u32-native-set! bytevector-u32-ref
bytevector-u32-set! bytevector-u64-native-ref bytevector-u64-native-set! bytevector-u64-ref
bytevector-u64-set! bytevector-u8-ref bytevector-u8-set! bytevector-uint-ref
bytevector-uint-set! bytevector=? bytevector? c32vector c32vector->list c32vector-length
c32vector-ref c32vector-set! c32vector? c64vector c64vector->list c64vector-length
c64vector-ref c64vector-set! c64vector? call-with-escape-continuation call-with-input-values
call/ec char-foldcase cons-stream copy-tree current-jiffy default-object? define*-public
define-record-type delay-force digit-value dynamic-args-call eof-object error? exact
exact-nonnegative-integer? exact-rational? exception-irritants exception-message
exception-origin exception-with-irritants? exception-with-message? exception-with-origin?
external-error? f32vector f32vector->list f32vector-length f32vector-ref f32vector-set!
f32vector? f64vector f64vector->list f64vector-length f64vector-ref f64vector-set! f64vector?
fluid-let flush-output flush-output-port get-bytevector-all get-bytevector-n get-bytevector-n!
get-bytevector-some get-char get-line get-output-bytevector get-string-all get-string-n get-u8
guard hash-table-count-entries implementation-restriction-error? inexact infinite?
input-port-open? lazy-catch lchown length+ let*-values let-values lexical-error?
list->c32vector list->c64vector list->f32vector list->f64vector list->s16vector list->s32vector
list->s64vector list->s8vector list->u16vector list->u32vector list->u64vector list->u8vector
lookahead-char lookahead-u8 make-assertion-failure make-bytevector make-c32vector
make-c64vector make-custom-binary-input-port make-custom-binary-output-port make-error
make-exception-with-irritants make-exception-with-message make-exception-with-origin
make-external-error make-f32vector make-f64vector make-implementation-restriction-error
make-lexical-error make-non-continuable-error make-programming-error make-promise-lazy
make-quit-exception make-s16vector make-s32vector make-s64vector make-s8vector
make-syntax-error make-u16vector make-u32vector make-u64vector make-u8vector
make-undefined-variable-error make-warning misc-error mkdtemp! monitor-thunk native-endianness
non-continuable-error? open-binary-input-file open-binary-output-file
open-bytevector-input-port open-bytevector-output-port open-input-bytevector
open-output-bytevector open-string-output-port output-port-open? peek-u8 port-eof?
programming-error? put-bytevector put-char put-string put-u8 quit-exception-code
quit-exception? r7rs:bytevector-copy! r7rs:read raise-continuable read-bytevector read-bytevector!
read-delimited read-line read-string read-u8 receive record-type-descriptor?
record-type-printer regexp/nosub s16vector s16vector->list s16vector-length s16vector-ref
s16vector-set! s16vector? s32vector s32vector->list s32vector-length s32vector-ref
s32vector-set! s32vector? s64vector s64vector->list s64vector-length s64vector-ref
s64vector-set! s64vector? s8vector s8vector->list s8vector-length s8vector-ref s8vector-set!
s8vector? set-box! set-current-warning-port set-record-type-printer! sint-list->bytevector
spawn square stream-car stream-cdr stream-pair? string->uninterned-symbol string->utf16
string->utf32 string->utf8 string->vector string-char-index string-foldcase
string-replace-substring subvector symbol=? syntax-error-form syntax-error-subform
syntax-error? syntax-expression syntax-local-binding syntax-locally-bound-identifiers
syntax-module syntax-sourcev syntax? textual-port? u16vector u16vector->list
u16vector-length u16vector-ref u16vector-set! u16vector? u32vector u32vector->list
u32vector-length u32vector-ref u32vector-set! u32vector? u64vector u64vector->list
u64vector-length u64vector-ref u64vector-set! u64vector? u8-list->bytevector u8-ready? u8vector
u8vector->list u8vector-length u8vector-ref u8vector-set! u8vector? uint-list->bytevector unbox
undefined-variable-error? unget-bytevector unspecified utf16->string utf32->string utf8->string
variable-transformer? vector->string vector-append vector-for-each vector-map vector-map!
warning? with-fluid write-bytevector write-shared write-simple write-string write-u8
`

// isGuest reports whether sym is a name of the base module that Guile's own
// base module does not have.
func (r *Registry) isGuest(name string) bool {
	if r.guests == nil {
		r.guests = map[string]bool{}
		for _, n := range strings.Fields(guests) {
			r.guests[n] = true
		}
	}
	return r.guests[name]
}

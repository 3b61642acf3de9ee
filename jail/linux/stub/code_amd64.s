#include "textflag.h"

// The code of every first process. It runs in a process of its own, without a
// stack and without Go: see doc.go. The layout of a record is that of encode.
//
//	R15 the header, R12 the record, R13 the saved result, R14 the child

// func code()
TEXT ·code(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	$0x20001000, R15
	LEAQ	256(R15), R12

call:
	MOVQ	0(R12), AX
	MOVQ	8(R12), DI
	MOVQ	16(R12), SI
	MOVQ	24(R12), DX
	MOVQ	32(R12), R10
	MOVQ	40(R12), R8
	MOVQ	48(R12), R9
	MOVBLZX	57(R12), BX	// what the first argument is
	CMPL	BX, $1
	CMOVQEQ	R13, DI
	CMPL	BX, $2
	CMOVQEQ	R14, DI

	SYSCALL
	MOVBLZX	56(R12), BX	// the kind
	CMPQ	AX, $-4095
	JCC	failed
	CMPL	BX, $1
	JEQ	save
	CMPL	BX, $2
	JEQ	fork
	CMPL	BX, $3
	JEQ	reap
	CMPL	BX, $4
	JEQ	expect

skip:
	MOVWLZX	62(R12), BX

advance:	// by one record and BX more
	INCL	BX
	SHLL	$6, BX
	ADDQ	BX, R12
	JMP	call

save:
	MOVQ	AX, R13
	JMP	skip

fork:
	TESTQ	AX, AX
	JEQ	skip
	MOVQ	AX, R14
	XORL	BX, BX
	JMP	advance

reap:
	CMPQ	AX, R14
	JNE	call
	JMP	skip

expect:
	CMPQ	AX, 48(R12)
	JEQ	skip
	XORL	AX, AX
	JMP	report

failed:
	NEGQ	AX
	CMPL	BX, $3
	JNE	tolerate
	CMPL	AX, $4		// EINTR
	JEQ	call

tolerate:
	MOVWLZX	58(R12), BX
	CMPL	BX, $0xffff
	JEQ	tolerated
	CMPL	BX, AX
	JNE	report

tolerated:
	MOVWLZX	60(R12), BX
	JMP	advance

report:
	MOVL	$1, 0(R15)
	MOVL	AX, 4(R15)
	MOVQ	R12, 8(R15)
	MOVL	$1, AX		// write
	MOVL	$4, DI
	MOVQ	R15, SI
	MOVL	$16, DX
	SYSCALL
	MOVL	$231, AX	// exit_group
	MOVL	$1, DI
	SYSCALL
	INT	$3
	BYTE $'f'; BYTE $'r'; BYTE $'u'; BYTE $'i'
	BYTE $'x'; BYTE $0; BYTE $'e'; BYTE $'n'; BYTE $'d'

// func codeStart() *byte
TEXT ·codeStart(SB), NOSPLIT, $0-8
	LEAQ	·code(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

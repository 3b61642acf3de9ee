#include "textflag.h"

// The code of every first process: see code_amd64.s.
//
//	R19 the header, R20 the record, R21 the saved result, R22 the child

// func code()
TEXT ·code(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	$0x20001000, R19
	ADD	$256, R19, R20

call:
	MOVD	0(R20), R8
	MOVD	8(R20), R0
	MOVD	16(R20), R1
	MOVD	24(R20), R2
	MOVD	32(R20), R3
	MOVD	40(R20), R4
	MOVD	48(R20), R5
	MOVBU	57(R20), R9
	CMP	$1, R9		// what the first argument is
	CSEL	EQ, R21, R0, R0
	CMP	$2, R9
	CSEL	EQ, R22, R0, R0
	SVC
	MOVBU	56(R20), R9	// the kind
	CMN	$4095, R0
	BCS	failed
	CMP	$1, R9
	BEQ	save
	CMP	$2, R9
	BEQ	fork
	CMP	$3, R9
	BEQ	reap
	CMP	$4, R9
	BEQ	expect

skip:
	MOVHU	62(R20), R9

advance:	// by one record and R9 more
	ADD	$1, R9, R9
	LSL	$6, R9, R9
	ADD	R9, R20, R20
	B	call

save:
	MOVD	R0, R21
	B	skip

fork:
	CBZ	R0, skip
	MOVD	R0, R22
	MOVD	$0, R9
	B	advance

reap:
	CMP	R22, R0
	BNE	call
	B	skip

expect:
	MOVD	48(R20), R10
	CMP	R10, R0
	BEQ	skip
	MOVD	$0, R0
	B	report

failed:
	NEG	R0, R0
	CMP	$3, R9
	BNE	tolerate
	CMP	$4, R0		// EINTR
	BEQ	call

tolerate:
	MOVHU	58(R20), R9
	MOVD	$0xffff, R10
	CMP	R10, R9
	BEQ	tolerated
	CMP	R9, R0
	BNE	report

tolerated:
	MOVHU	60(R20), R9
	B	advance

report:
	MOVD	$1, R9
	MOVW	R9, 0(R19)
	MOVW	R0, 4(R19)
	MOVD	R20, 8(R19)
	MOVD	$64, R8		// write
	MOVD	$4, R0
	MOVD	R19, R1
	MOVD	$16, R2
	SVC
	MOVD	$94, R8		// exit_group
	MOVD	$1, R0
	SVC
	BRK	$0
	WORD	$0x69757266	// "frui"
	WORD	$0x6e650078	// "x", 0, "en"
	WORD	$0x00000064	// "d"

// func codeStart() *byte
TEXT ·codeStart(SB), NOSPLIT, $0-8
	MOVD	$·code(SB), R0
	MOVD	R0, ret+0(FP)
	RET

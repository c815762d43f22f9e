//go:build linux || darwin

#include "textflag.h"

// entry is what C calls for every builtin: PyObject *entry(PyObject *self,
// PyObject *const *args, Py_ssize_t nargs). It hands the three words to
// dispatch through crosscall2, which keeps the registers C expects kept.
TEXT entry<>(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $40, SP
	MOVQ DI, 0(SP)
	MOVQ SI, 8(SP)
	MOVQ DX, 16(SP)
	MOVQ $0, 24(SP)
	MOVQ ·dispatcher(SB), DI
	MOVQ (DI), DI
	MOVQ SP, SI
	XORL DX, DX
	XORL CX, CX
	CALL crosscall2(SB)
	MOVQ 24(SP), AX
	ADDQ $40, SP
	RET

GLOBL ·entryAddress(SB), NOPTR|RODATA, $8
DATA ·entryAddress(SB)/8, $entry<>(SB)

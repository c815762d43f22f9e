//go:build linux || darwin

#include "textflag.h"

// entry is what C calls for every builtin: PyObject *entry(PyObject *self,
// PyObject *const *args, Py_ssize_t nargs). It hands the three words to
// dispatch through crosscall2, which keeps the registers C expects kept. R27 is
// the assembler's for addresses and C's to find again.
TEXT entry<>(SB), NOSPLIT|NOFRAME, $0-0
	SUB  $64, RSP
	STP  (R29, R30), 32(RSP)
	MOVD R27, 48(RSP)
	MOVD R0, 0(RSP)
	MOVD R1, 8(RSP)
	MOVD R2, 16(RSP)
	MOVD ZR, 24(RSP)
	MOVD ·dispatcher(SB), R0
	MOVD (R0), R0
	MOVD RSP, R1
	MOVD ZR, R2
	MOVD ZR, R3
	BL   crosscall2(SB)
	MOVD 24(RSP), R0
	MOVD 48(RSP), R27
	LDP  32(RSP), (R29, R30)
	ADD  $64, RSP
	RET

GLOBL ·entryAddress(SB), NOPTR|RODATA, $8
DATA ·entryAddress(SB)/8, $entry<>(SB)

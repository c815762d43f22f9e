package python

import (
	"errors"
	"fmt"
)

// lib is the loaded libpython: the process has one, so this is not a field.
var lib library

// library holds the addresses that hot paths need; the rest is looked up.
type library struct {
	handle uintptr
	cache  map[string]uintptr

	none, yes, no                                      Object
	floatType, textType, typeType                      Object
	dateType, datetimeType, deltaType                  Object
	utc                                                Object
	small                                              [small]Object // the ints from smallMin on, kept
	deallocFn, vectorcall, vectorMethod, getAttr       uintptr
	setAttr, errOccurred, errFetch, errNormalize       uintptr
	errRestore, newFloat, newInt, newText, newTuple    uintptr
	newList, dictSet, dictGet, datetimeFrom, deltaFrom uintptr
	dateFrom, addPending, isInstance, isTrue, errClear uintptr
}

const (
	smallMin = -5
	small    = 262
)

// resolve finds every function once, so that a missing one is told at the start.
func (l *library) resolve(handle uintptr) error {
	l.handle, l.cache = handle, map[string]uintptr{}
	var errs []error
	for _, n := range []string{
		"PyPreConfig_InitIsolatedConfig", "Py_PreInitialize", "PyConfig_InitIsolatedConfig", "PyConfig_SetString",
		"PyWideStringList_Append", "Py_InitializeFromConfig", "PyConfig_Clear", "Py_GetVersion", "PyDict_New", "PyEval_GetBuiltins",
		"PyUnicode_Substring", "PyUnicode_InternInPlace", "PyUnicode_AsEncodedString", "Py_CompileStringExFlags", "PyEval_EvalCode",
		"PyImport_ImportModule", "PyImport_GetModuleDict", "PyModule_NewObject", "PyModule_GetDict", "PyCFunction_NewEx", "PyInstanceMethod_New",
		"PyErr_SetObject", "PyException_SetTraceback", "PyObject_Str", "PyObject_Repr",
		"PyObject_Call", "PyDict_DelItem", "PyDict_Next", "PyBytes_FromStringAndSize", "PyCapsule_Import", "PyType_FromSpec", "PyMem_RawMalloc", "PyMem_RawFree",
		"PyEval_SaveThread", "PyEval_RestoreThread", "PyNumber_Float", "PyObject_GetItem", "PyObject_SetItem", "PyList_Append", "PySequence_List",
		"PyInterpreterState_Get", "Py_GetRecursionLimit",
	} {
		if _, err := l.find(n); err != nil {
			errs = append(errs, err)
		}
	}
	for n, p := range map[string]*uintptr{
		"_Py_Dealloc": &l.deallocFn, "PyObject_Vectorcall": &l.vectorcall, "PyObject_VectorcallMethod": &l.vectorMethod,
		"PyObject_GetAttr": &l.getAttr, "PyObject_SetAttr": &l.setAttr, "PyErr_Occurred": &l.errOccurred, "PyErr_Fetch": &l.errFetch,
		"PyErr_NormalizeException": &l.errNormalize, "PyErr_Restore": &l.errRestore, "PyErr_Clear": &l.errClear, "PyFloat_FromDouble": &l.newFloat,
		"PyLong_FromLongLong": &l.newInt, "PyUnicode_DecodeUTF8": &l.newText, "PyTuple_New": &l.newTuple, "PyList_New": &l.newList,
		"PyDict_SetItem": &l.dictSet, "PyDict_GetItemWithError": &l.dictGet, "Py_AddPendingCall": &l.addPending,
		"PyObject_IsInstance": &l.isInstance, "PyObject_IsTrue": &l.isTrue,
	} {
		a, err := l.find(n)
		if err != nil {
			errs = append(errs, err)
		}
		*p = a
	}
	for n, p := range map[string]*Object{
		"_Py_NoneStruct": &l.none, "_Py_TrueStruct": &l.yes, "_Py_FalseStruct": &l.no, "PyFloat_Type": &l.floatType,
		"PyUnicode_Type": &l.textType, "PyType_Type": &l.typeType,
	} {
		a, err := l.find(n)
		if err != nil {
			errs = append(errs, err)
		}
		*p = Object(a)
	}
	return errors.Join(errs...)
}

func (l *library) find(name string) (uintptr, error) {
	if a, ok := l.cache[name]; ok {
		return a, nil
	}
	a, err := dlsym(l.handle, name)
	if err != nil {
		return 0, fmt.Errorf("libpython has no %s: %w", name, err)
	}
	l.cache[name] = a
	return a, nil
}

// fn is a function found by resolve.
func (l *library) fn(name string) uintptr { return l.cache[name] }

// constants fetches what exists only after the start.
func (l *library) constants() error {
	for i := range l.small {
		l.small[i] = Object(call(l.newInt, uintptr(i+smallMin), 0, 0, 0, 0, 0))
	}
	capi := callText(l.fn("PyCapsule_Import"), "datetime.datetime_CAPI", 0, 0)
	if capi == 0 {
		call(l.errClear, 0, 0, 0, 0, 0, 0)
		return errors.New("the datetime module has no C interface")
	}
	// PyDateTime_CAPI: five types, the UTC zone, then constructors.
	l.dateType, l.datetimeType, l.deltaType = Object(*wordAt(capi)), Object(*wordAt(capi + 8)), Object(*wordAt(capi + 24))
	l.utc, l.dateFrom, l.datetimeFrom, l.deltaFrom = Object(*wordAt(capi + 40)), *wordAt(capi + 48), *wordAt(capi + 56), *wordAt(capi + 72)
	return nil
}

// dealloc frees an object whose last reference went.
func dealloc(o Object) { call(lib.deallocFn, uintptr(o), 0, 0, 0, 0, 0) }

// slowText is the value of a str that is not laid out in one piece.
func (l *library) slowText(o Object) string {
	enc, rep := cString("utf-8"), cString("replace")
	b := Object(call(l.fn("PyUnicode_AsEncodedString"), uintptr(o), enc, rep, 0, 0, 0))
	if b == 0 {
		call(l.errClear, 0, 0, 0, 0, 0, 0)
		return ""
	}
	defer b.DecRef()
	v, _ := b.Bytes()
	return string(v)
}

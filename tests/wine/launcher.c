/* The python.exe of the test-bed: all of Python is in its DLL. With SCRIPT it is a program that runs this script. */
#include <stdlib.h>
#include <windows.h>

int wmain(int count, wchar_t **arguments)
{
    HMODULE python = LoadLibraryW(PYTHON_DLL);
    if (python == NULL)
        return 127;
    int (*run)(int, wchar_t **) = (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main");
    if (run == NULL)
        return 127;
#ifdef SCRIPT
    wchar_t **with_script = calloc(count + 2, sizeof *with_script);
    if (with_script == NULL)
        return 127;
    with_script[0] = arguments[0];
    with_script[1] = SCRIPT;
    for (int i = 1; i < count; i++)
        with_script[i + 1] = arguments[i];
    return run(count + 1, with_script);
#else
    return run(count, arguments);
#endif
}

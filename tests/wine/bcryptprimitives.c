/* Wine 8 lacks this system DLL, of which Rust's extension modules need the one function. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T bytes)
{
    return RtlGenRandom(data, (ULONG)bytes);
}

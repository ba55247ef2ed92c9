// EXPECT: calling function 'FreeHere' requires holding CPU 'other' exclusively
#include "core/kernel/cpu.h"

void FreeHere(toro::Cpu& here, void* object) TORO_ON(here) { here.Free(object); }
void FreeThere(toro::Cpu& other, void* object) { FreeHere(other, object); }

// hello: prints one line and powers off.
#include "core/kernel/toro.h"

int main() { toro::Print("Hello World, I am Toro!\n"); }

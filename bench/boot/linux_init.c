// linux_init: the only process of the Linux guest: prints one word and powers off, or waits if its argument is `wait`.
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static const char kText[] = "READY\n";
  if (write(1, kText, sizeof kText - 1) < 0) return 1;
  while (argc > 1 && strcmp(argv[1], "wait") == 0) pause();
  return reboot(RB_POWER_OFF);
}

#!/bin/sh
# power_contract.sh CHECKS KERNEL-CHECKS FILE...: CPUs that sleep and what wakes them, on the bare machine.
. tests/metal/boot.sh
end="END $1 checks, 0 failed"
kernel_end="END $2 checks, 0 failed"
shift 2
elf=$(one_of /power.elf "$@")
kernel=$(one_of /kernel.elf "$@")
faults=$(one_of /faults.elf "$@")

for cpus in 1 2 4 8; do
  boot 0 "$end" "$elf" -M q35 -smp "$cpus" -m 128
done

# The other ways to wait. In emulation MWAIT is a PAUSE with two CPUs or more, and HLT with one: where no CPU sleeps,
# the contract about sleeping says nothing, but the one of the kernel holds.
boot 0 "$end" "$elf" -M q35 -smp 1 -m 128 -append idle=mwait
for idle in mwait spin; do
  for cpus in 1 2; do
    boot 0 "$kernel_end" "$kernel" -M q35 -smp "$cpus" -m 128 -append "idle=$idle"
  done
done
boot 0 "halts (HLT); below this hypervisor MWAIT does not wait" "$kernel" -M q35 -smp 2 -m 128 -append report
boot 0 "halts (HLT); it has no MWAIT" "$kernel" -M q35 -smp 2 -m 128 -append report -cpu max,-monitor
boot 0 "waits for its doorbell (MWAIT" "$kernel" -M q35 -smp 2 -m 128 -append "report idle=mwait"
boot 1 "no MONITOR and MWAIT, but idle= on the kernel command line is 'mwait'" "$elf" -M q35 -smp 2 -m 128 \
  -append "idle=mwait" -cpu max,-monitor
boot 1 "idle= on the kernel command line needs hlt, mwait or spin, not 'nap'" "$elf" -M q35 -append "idle=nap"
boot 1 "idle= needs hlt, mwait or spin, not 'idle='" "$elf" -M q35 -append "idle="

# A thread that does not yield is named, on whatever CPU, and its registers survive the report.
for cpus in 1 2; do
  boot 134 "stall: this thread has not yielded for" "$faults" -M q35 -smp "$cpus" -m 64 \
    -append "watchdog=100,poweroff -- never-yields"
  boot 134 "thread deep" "$faults" -M q35 -smp "$cpus" -m 64 -append "watchdog=100,poweroff -- never-yields"
done
# With its interrupts masked it hears no timer; another CPU, which rests, looks after it.
for cpus in 2 4; do
  boot 134 "stall: interrupts are masked, and this thread has not yielded for" "$faults" -M q35 -smp "$cpus" -m 64 \
    -append "watchdog=100,poweroff -- masked"
done
boot 134 "thread deep" "$faults" -M q35 -smp 2 -m 64 -append "watchdog=100,poweroff -- masked"
boot 134 "on CPU 0, thread main" "$faults" -M q35 -smp 2 -m 64 -append "watchdog=100,poweroff -- masked-boot-cpu"
boot 0 "stall: this thread has not yielded for" "$faults" -M q35 -smp 2 -m 64 -append "-- stalls-once"
boot 0 "went on" "$faults" -M q35 -smp 2 -m 64 -append "-- stalls-once"
# Who yields and who sleeps is not named.
boot 0 "$end" "$elf" -M q35 -smp 2 -m 128 -append "watchdog=1000,poweroff"
boot 1 "watchdog= needs 1 to 3600000 ms, and perhaps ,poweroff, not 'watchdog=5s'" "$faults" -M q35 -append watchdog=5s
finish

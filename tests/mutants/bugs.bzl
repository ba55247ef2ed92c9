"""The planted bugs: what is replaced in which file, who must catch it, and what he says of it.

docs/planted_bugs.md is the table for people.
"""

def _bug(name, file, old, new, by, says = ""):
    return struct(name = name, file = file, old = old, new = new, by = by, says = says)

_WORK = "core/exchange/exchange_work.h"

# Searched to the end by tests/models: exchange_is_searched.cc.
_EXCHANGE = [
    _bug(
        name = "no_look_before_halt",
        file = _WORK,
        old = "if (!AnythingHere()) return true;",
        new = "return true;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "bell_forgotten_by_line",
        file = _WORK,
        old = "  ++counters_.lines_sent;\n  Ring(peer, to);",
        new = "  ++counters_.lines_sent;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "bell_forgotten_by_outbox",
        file = _WORK,
        old = "        Ring(peer, to);\n        published",
        new = "        published",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "bell_before_publish",
        file = _WORK,
        old = "  peer.out.Publish(handler, count);\n" +
              "  Simulation::LinePublished(self_, to, handler, count);\n" +
              "  ++counters_.lines_sent;\n" +
              "  Ring(peer, to);",
        new = "  Ring(peer, to);\n" +
              "  peer.out.Publish(handler, count);\n" +
              "  Simulation::LinePublished(self_, to, handler, count);\n" +
              "  ++counters_.lines_sent;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "receiver_not_remembered",
        file = _WORK,
        old = "pending_wakes_.Remember(to);",
        new = "(void)to;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "no_review_in_turn",
        file = _WORK,
        old = "  ReviewWakes();\n  busy_ &= ~kWorking;",
        new = "  busy_ &= ~kWorking;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "no_review_before_sleep",
        file = _WORK,
        old = "  ReviewWakes();\n  // After",
        new = "  // After",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "look_at_all_forgotten",
        file = _WORK,
        old = "  busy_ |= kLookAtAll;\n",
        new = "",
        by = "model",
        says = "endless",
    ),
    _bug(
        name = "taken_by_slot_or_channel",
        file = _WORK,
        old = "!peer.out_slot->Taken() || !peer.out.AllTaken()",
        new = "!peer.out_slot->Taken() && !peer.out.AllTaken()",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "next_read_after_deliver",
        file = _WORK,
        old = "    chain = next;",
        new = "    (void)next;\n    chain = chain->next;",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "open_line_forgotten",
        file = _WORK,
        old = "    MarkWaiting(to);\n  }\n  for",
        new = "  }\n  for",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "outbox_is_lifo",
        file = "core/exchange/outbox.h",
        old = "    node.next = nullptr;\n    if (head_ == nullptr) {",
        new = "    node.next = head_;\n" +
              "    if (head_ != nullptr) {\n" +
              "      head_ = &node;\n" +
              "      return;\n" +
              "    }\n" +
              "    if (head_ == nullptr) {",
        by = "model",
        says = "in order",
    ),
    _bug(
        name = "slot_not_emptied",
        file = "core/exchange/exchange_slot.h",
        old = "    if (chain != nullptr) head_.StoreRelaxed(nullptr);\n",
        new = "",
        by = "model",
        says = "in order",
    ),
    _bug(
        name = "slot_overwritten",
        file = "core/exchange/exchange_slot.h",
        old = "    if (head_.LoadRelaxed() != nullptr) return false;\n",
        new = "",
        by = "model",
    ),
    _bug(
        name = "slot_put_relaxed",
        file = "core/exchange/exchange_slot.h",
        old = "head_.StoreRelease(chain)",
        new = "head_.StoreRelaxed(chain)",
        by = "model",
        says = "data race",
    ),
    _bug(
        name = "slot_take_relaxed",
        file = "core/exchange/exchange_slot.h",
        old = "head_.LoadAcquire()",
        new = "head_.LoadRelaxed()",
        by = "model",
        says = "data race",
    ),
    _bug(
        name = "channel_overrun",
        file = "core/exchange/channel.h",
        old = "      if (position_ - taken_ == Lines) return nullptr;\n",
        new = "",
        by = "model",
    ),
    _bug(
        name = "credit_before_handler",
        file = "core/exchange/channel.h",
        old = "    ++position_;\n    take(",
        new = "    ++position_;\n    ReturnCredit();\n    take(",
        by = "model",
        says = "data race",
    ),
    _bug(
        name = "first_lap_is_zero",
        file = "core/exchange/channel.h",
        old = "(position / Lines + 1)",
        new = "(position / Lines)",
        by = "model",
    ),
    _bug(
        name = "fence_before_announcement",
        file = "core/exchange/sleep_word.h",
        old = "    sleeping_.StoreRelaxed(1);\n    Atomics::FullFence();",
        new = "    Atomics::FullFence();\n    sleeping_.StoreRelaxed(1);",
        by = "model",
        says = "deadlock",
    ),
    _bug(
        name = "bell_relaxed",
        file = "core/exchange/doorbell.h",
        old = "bytes.StoreByteRelease(byte, count)",
        new = "if (count != 1) bytes.StoreByteRelease(byte, count)",
        by = "model",
        says = "deadlock",
    ),
]

# Unit tests, linked with the changed object in place of the product's.
_UNITS = [
    _bug(
        name = "missed_rounding",
        file = "core/memory/boot_map.cc",
        old = "uintptr_t begin = AlignUp(joined[i].begin, kLargePageBytes);",
        new = "uintptr_t begin = joined[i].begin;",
        by = "boot_map_test",
        says = "FAILED",
    ),
    _bug(
        name = "remainder_dealt_twice",
        file = "core/memory/boot_map.cc",
        old = "pages / cpus + (number++ < pages % cpus ? 1 : 0)",
        new = "pages / cpus + (number++ <= pages % cpus ? 1 : 0)",
        by = "boot_map_test",
        says = "FAILED",
    ),
    _bug(
        name = "no_joining_of_free_runs",
        file = "core/memory/page_runs.cc",
        old = "    if (behind->kind() == PageKind::kFreeFirst) {",
        new = "    if (behind->kind() == PageKind::kFreeFirst && pages == 0) {",
        by = "page_runs_test",
        says = "FAILED",
    ),
    _bug(
        name = "run_of_wrong_bin",
        file = "core/memory/page_runs.cc",
        old = "      if (run->pages >= pages) {",
        new = "      if (run->pages > 0) {",
        by = "page_runs_test",
    ),
    _bug(
        name = "generation_kept",
        file = "core/sched/thread_table.cc",
        old = "  if (++entry.generation == 0) entry.generation = 1;\n",
        new = "",
        by = "thread_table_test",
        says = "FAILED",
    ),
    _bug(
        name = "joined_thread_released_early",
        file = "core/sched/thread_table.cc",
        old = "  *waits = entry->thread != nullptr;",
        new = "  *waits = false;",
        by = "thread_table_test",
        says = "FAILED",
    ),
    _bug(
        name = "deadline_rounded_down",
        file = "core/sched/timer_wheel.cc",
        old = " + ((deadline_ns & ((uint64_t{1} << kTickShift) - 1)) != 0 ? 1 : 0)",
        new = "",
        by = "timer_wheel_test",
        says = "FAILED",
    ),
    _bug(
        name = "later_turn_fires_now",
        file = "core/sched/timer_wheel.cc",
        old = "      if (timer->tick > tick_) {",
        new = "      if (timer->tick > tick_ + kSlots * kSlots * kSlots) {",
        by = "timer_wheel_test",
        says = "FAILED",
    ),
    _bug(
        name = "wrong_owner_freed",
        file = "core/kernel/cpu.cc",
        old = "  if (owner == id().index()) {",
        new = "  if (owner != OwnerTable::kNoOwner) {",
        by = "return_path_test",
        says = "free of",
    ),
]

# The threads contract, all CPUs on one thread, under seeds 1, 2, 3... until one fails.
_SEEDS = [
    _bug(
        name = "suspended_thread_woken",
        file = "core/sched/scheduler.cc",
        old = "  if ((thread.flags & Thread::kSuspended) == 0) EnterRing(thread);\n}",
        new = "  EnterRing(thread);\n}",
        by = "seeds",
    ),
    _bug(
        name = "resume_forgets_ready",
        file = "core/sched/control.cc",
        old = "      if (!travels && !waits && !thread.linked()) EnterRing(thread);\n",
        new = "",
        by = "seeds",
    ),
    _bug(
        name = "cancel_of_suspended_lost",
        file = "core/sched/control.cc",
        old = "        EnterRing(thread);  // it was suspended\n",
        new = "",
        by = "seeds",
    ),
    _bug(
        name = "control_answers_gone",
        file = "core/sched/control.cc",
        old = "if (--place.requests_under_way > 0 || !place.parked) return;",
        new = "if (--place.requests_under_way >= 0 || !place.parked) return;",
        by = "seeds",
    ),
    _bug(
        name = "deadline_left_running",
        file = "core/sched/scheduler.cc",
        old = "  if ((thread.flags & Thread::kHasDeadline) != 0) timers_.Stop(thread.timer);\n",
        new = "",
        by = "seeds",
    ),
]

BUGS = _EXCHANGE + _UNITS + _SEEDS

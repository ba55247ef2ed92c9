"""The planted bugs: what is replaced in which file, and who must catch it.

docs/planted_bugs.md is the table for people; //tests/planted:every_bug_is_listed holds it against this one.
"""

def _bug(name, file, old, new, by, says = "", filter = "*"):
    return struct(name = name, file = file, old = old, new = new, by = by, says = says, filter = filter)

_WORK = "core/exchange/exchange_work.h"

# Searched to the end by tests/models: exchange_is_searched.cc.
_EXCHANGE = [
    _bug("no_look_before_halt", _WORK, "if (!AnythingHere()) return true;", "return true;", "model", "deadlock"),
    _bug("bell_forgotten_by_line", _WORK, "  ++counters_.lines_sent;\n  Ring(peer, to);", "  ++counters_.lines_sent;", "model", "deadlock"),
    _bug("bell_forgotten_by_outbox", _WORK, "        Ring(peer, to);\n        published", "        published", "model", "deadlock"),
    _bug("bell_before_publish", _WORK, "  peer.out.Publish(handler, count);\n  ++counters_.lines_sent;\n  Ring(peer, to);", "  Ring(peer, to);\n  peer.out.Publish(handler, count);\n  ++counters_.lines_sent;", "model", "deadlock"),
    _bug("receiver_not_remembered", _WORK, "pending_wakes_.Remember(to);", "(void)to;", "model", "deadlock"),
    _bug("no_review_in_turn", _WORK, "  ReviewWakes();\n  busy_ &= ~kWorking;", "  busy_ &= ~kWorking;", "model", "deadlock"),
    _bug("no_review_before_sleep", _WORK, "  ReviewWakes();\n  // After", "  // After", "model", "deadlock"),
    _bug("look_at_all_forgotten", _WORK, "  busy_ |= kLookAtAll;\n", "", "model", "endless"),
    _bug("taken_by_slot_or_channel", _WORK, "!peer.out_slot->Taken() || !peer.out.AllTaken()", "!peer.out_slot->Taken() && !peer.out.AllTaken()", "model", "deadlock"),
    _bug("next_read_after_deliver", _WORK, "    chain = next;", "    (void)next;\n    chain = chain->next;", "model", "deadlock"),
    _bug("open_line_forgotten", _WORK, "    MarkWaiting(to);\n  }\n  for", "  }\n  for", "model", "deadlock"),
    _bug("outbox_is_lifo", "core/exchange/outbox.h", "    node.next = nullptr;\n    if (head_ == nullptr) {", "    node.next = head_;\n    if (head_ != nullptr) {\n      head_ = &node;\n      return;\n    }\n    if (head_ == nullptr) {", "model", "in order"),
    _bug("slot_not_emptied", "core/exchange/exchange_slot.h", "    if (chain != nullptr) head_.StoreRelaxed(nullptr);\n", "", "model", "in order"),
    _bug("slot_overwritten", "core/exchange/exchange_slot.h", "    if (head_.LoadRelaxed() != nullptr) return false;\n", "", "model", ""),
    _bug("slot_put_relaxed", "core/exchange/exchange_slot.h", "head_.StoreRelease(chain)", "head_.StoreRelaxed(chain)", "model", "data race"),
    _bug("slot_take_relaxed", "core/exchange/exchange_slot.h", "head_.LoadAcquire()", "head_.LoadRelaxed()", "model", "data race"),
    _bug("channel_overrun", "core/exchange/channel.h", "      if (position_ - taken_ == Lines) return nullptr;\n", "", "model", ""),
    _bug("credit_before_handler", "core/exchange/channel.h", "    ++position_;\n    take(", "    ++position_;\n    ReturnCredit();\n    take(", "model", "data race"),
    _bug("first_lap_is_zero", "core/exchange/channel.h", "(position / Lines + 1)", "(position / Lines)", "model", ""),
    _bug("fence_before_announcement", "core/exchange/sleep_word.h", "    sleeping_.StoreRelaxed(1);\n    Atomics::FullFence();", "    Atomics::FullFence();\n    sleeping_.StoreRelaxed(1);", "model", "deadlock"),
    _bug("bell_relaxed", "core/exchange/doorbell.h", "bytes.StoreByteRelease(byte, count)", "if (count != 1) bytes.StoreByteRelease(byte, count)", "model", "deadlock"),
]

# Unit tests, linked with the changed object in place of the product's.
_UNITS = [
    _bug("missed_rounding", "core/memory/boot_map.cc", "uintptr_t begin = AlignUp(joined[i].begin, kLargePageBytes);", "uintptr_t begin = joined[i].begin;", "boot_map_test", "FAILED"),
    _bug("remainder_dealt_twice", "core/memory/boot_map.cc", "pages / cpus + (number++ < pages % cpus ? 1 : 0)", "pages / cpus + (number++ <= pages % cpus ? 1 : 0)", "boot_map_test", "FAILED"),
    _bug("no_joining_of_free_runs", "core/memory/page_runs.cc", "    if (behind->kind() == PageKind::kFreeFirst) {", "    if (behind->kind() == PageKind::kFreeFirst && pages == 0) {", "page_runs_test", "FAILED"),
    _bug("run_of_wrong_bin", "core/memory/page_runs.cc", "      if (run->pages >= pages) {", "      if (run->pages > 0) {", "page_runs_test", ""),
    _bug("generation_kept", "core/sched/thread_table.cc", "  if (++entry.generation == 0) entry.generation = 1;\n", "", "thread_table_test", "FAILED"),
    _bug("joined_thread_released_early", "core/sched/thread_table.cc", "  *waits = entry->thread != nullptr;", "  *waits = false;", "thread_table_test", "FAILED"),
    _bug("deadline_rounded_down", "core/sched/timer_wheel.cc", " + ((deadline_ns & ((uint64_t{1} << kTickShift) - 1)) != 0 ? 1 : 0)", "", "timer_wheel_test", "FAILED"),
    _bug("later_turn_fires_now", "core/sched/timer_wheel.cc", "      if (timer->tick > tick_) {", "      if (timer->tick > tick_ + kSlots * kSlots * kSlots) {", "timer_wheel_test", "FAILED"),
    _bug("wrong_owner_freed", "core/kernel/cpu.cc", "  if (owner == id().index()) {", "  if (owner != OwnerTable::kNoOwner) {", "return_path_test", "free of"),
]

# The threads contract, all CPUs on one thread, under seeds 1, 2, 3... until one fails.
_SEEDS = [
    _bug("suspended_thread_woken", "core/sched/scheduler.cc", "  if ((thread.flags & Thread::kSuspended) == 0) EnterRing(thread);\n}", "  EnterRing(thread);\n}", "seeds", ""),
    _bug("resume_forgets_ready", "core/sched/control.cc", "      if (!travels && !waits && !thread.linked()) EnterRing(thread);\n", "", "seeds", ""),
    _bug("cancel_of_suspended_lost", "core/sched/control.cc", "        EnterRing(thread);  // it was suspended\n", "", "seeds", ""),
    _bug("control_answers_gone", "core/sched/control.cc", "if (--place.requests_under_way > 0 || !place.parked) return;", "if (--place.requests_under_way >= 0 || !place.parked) return;", "seeds", ""),
    _bug("deadline_left_running", "core/sched/scheduler.cc", "  if ((thread.flags & Thread::kHasDeadline) != 0) timers_.Stop(thread.timer);\n", "", "seeds", ""),
]

BUGS = _EXCHANGE + _UNITS + _SEEDS

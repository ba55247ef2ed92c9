/* Slot, doorbell and sleep word of core/exchange, once more, for SPIN: an independent tool with an independent search.
 *
 * Written by hand after exchange_slot.h, doorbell.h and sleep_word.h; so it says nothing about the product's source, but
 * whether the protocol and the x86-TSO verdicts of tests/models are right. verdicts.txt names the variants and what
 * both tools must say.
 *
 * x86-TSO: each CPU has a FIFO of stores; a load takes the newest own store, else memory; a fence waits for an empty
 * FIFO; a store reaches memory whenever Flush gets its turn.
 *
 * CPU 0 sends MESSAGES messages; the slot holds the number of the last of a chain, 0 is null. CPU 1 takes them. */
#ifndef MESSAGES
#define MESSAGES 2
#endif

#define SLOT 0
#define BELL 1
#define SLEEPING 2
#define WAKEUP 3
#define WORDS 4

byte memory[WORDS];
chan buffer0 = [8] of { byte, byte };
chan buffer1 = [8] of { byte, byte };
byte waiting[8];  /* own stores to the word in the buffer, [CPU * WORDS + word] */
byte newest[8];   /* the value of the last of them */

#define LOAD(cpu, word) (waiting[cpu * WORDS + word] > 0 -> newest[cpu * WORDS + word] : memory[word])
#define STORE(cpu, fifo, word, value) \
  atomic { fifo!word, value; waiting[cpu * WORDS + word]++; newest[cpu * WORDS + word] = value }
#define FENCE(fifo) empty(fifo)

#ifdef BY_CHANNEL  /* lines enough for all messages: SLOT counts what was published, and nobody stores null */
#define ROOM true
#define NEWS(last) (LOAD(1, SLOT) > last)
#else
#define ROOM (LOAD(0, SLOT) == 0)
#define NEWS(last) (LOAD(1, SLOT) != 0)
#endif

proctype Flush(byte cpu; chan fifo) {
  byte word, value;
end:
  do
  :: atomic { fifo?word, value -> memory[word] = value; waiting[cpu * WORDS + word]-- }
  od
}

/* Parts of Sender, by its variables. */
  inline RingBell() {
    rings++;
    STORE(0, buffer0, BELL, rings)
  }
  inline Wake() {
    woken++;
    STORE(0, buffer0, WAKEUP, woken)
  }
  inline Publish() { /* S1, the ring, S2, S3 */
    if
    :: published < posted && ROOM ->
#ifdef BAD_DOORBELL_EARLY
       RingBell();
       STORE(0, buffer0, SLOT, posted);
#else
       STORE(0, buffer0, SLOT, posted);
       RingBell();
#endif
       published = posted;
       if
#ifndef WITHOUT_S2
       :: LOAD(0, SLEEPING) == 1 -> Wake()
#endif
       :: else ->
#ifndef BAD_SLEEP_FORGETS
          remembered = true
#else
          skip
#endif
       fi
    :: else
    fi
  }
  inline Review() {
    if
    :: remembered && LOAD(0, SLEEPING) == 1 ->
       if
       :: LOAD(0, SLOT) != 0 -> Wake()
       :: else
       fi;
       remembered = false
    :: else
    fi
  }

proctype Sender() {
  byte posted, published, rings, woken;
  bool remembered;

  do
  :: posted < MESSAGES -> posted++; Publish()
  :: else -> break
  od;
  do
  :: Publish();
#ifndef BAD_SLEEP_NO_REVIEW
     Review();
#endif
#ifdef SENDER_STEPS
     /* It steps again and again; only what changes something counts. */
     if
     :: published == posted && LOAD(0, SLOT) == 0 -> break
     :: published < posted && LOAD(0, SLOT) == 0
#ifndef BAD_SLEEP_NO_REVIEW
     :: remembered && LOAD(0, SLEEPING) == 1
#endif
     fi
#else
     if
     :: published < posted -> (LOAD(0, SLOT) == 0 || (remembered && LOAD(0, SLEEPING) == 1))
     :: else -> break
     fi
#endif
  od;
#ifndef SENDER_STEPS
  /* It sleeps for ever. */
#ifdef BAD_SLEEP_EARLY_REVIEW
  Review();
#endif
#ifndef WITHOUT_FENCE
  FENCE(buffer0);
#endif
#if !defined(BAD_SLEEP_NO_LAST_REVIEW) && !defined(BAD_SLEEP_EARLY_REVIEW)
  Review();
#endif
#endif
}

proctype Receiver() {
  byte got, seen, now, handled;
  bool look, here;

  do
  :: now = LOAD(1, BELL);
#ifdef BAD_DOORBELL_CLEARED
     if
     :: now != 0 -> STORE(1, buffer1, BELL, 0); look = true
     :: else
     fi;
#else
     if
     :: now != seen -> seen = now; look = true
     :: else
     fi;
#endif
     if
     :: look ->
        look = false;
        if
        :: NEWS(got) ->
           now = LOAD(1, SLOT);
           assert(now > got);
           got = now;
#ifndef BY_CHANNEL
           STORE(1, buffer1, SLOT, 0)
#endif
        :: else
        fi
     :: else
     fi;
     if
     :: got == MESSAGES -> break
     :: else
     fi;
#if defined(RECEIVER_STEPS) && defined(BAD_DOORBELL_CLEARED)
     LOAD(1, BELL) != 0
#elif defined(RECEIVER_STEPS)
     LOAD(1, BELL) != seen
#elif defined(RECEIVER_WATCHES)
     FENCE(buffer1);
#ifdef BAD_WATCH_LATE
     here = LOAD(1, SLOT) != 0;
     now = LOAD(1, BELL);  /* P1w */
#else
     now = LOAD(1, BELL);
     here = LOAD(1, SLOT) != 0;
#endif
     if
     :: here -> look = true
     :: else -> LOAD(1, BELL) != now; look = true
     fi
#else
     handled = LOAD(1, WAKEUP);
#ifdef BAD_SLEEP_EARLY_LOOK
     here = LOAD(1, SLOT) != 0;
#endif
     STORE(1, buffer1, SLEEPING, 1);
#ifndef WITHOUT_FENCE
     FENCE(buffer1);
#endif
#if !defined(BAD_SLEEP_EARLY_LOOK) && !defined(BAD_SLEEP_NO_LOOK)
     here = LOAD(1, SLOT) != 0;
#endif
     if
     :: here -> here = false; look = true
     :: else ->
        LOAD(1, WAKEUP) != handled;
#ifdef BAD_SLEEP_NO_LOOK_AFTER
        handled = LOAD(1, WAKEUP);
        LOAD(1, WAKEUP) != handled;
#endif
        look = true
     fi;
#ifndef WITHOUT_P4_STORE
     STORE(1, buffer1, SLEEPING, 0)
#endif
#endif
  od
}

init {
  atomic {
    run Flush(0, buffer0);
    run Flush(1, buffer1);
    run Sender();
    run Receiver()
  }
}

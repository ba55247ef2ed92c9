// cprogram: a C program with threads, as it is written for any POSIX system. Workers take numbers from a queue that a
// mutex and two conditions guard and count the primes among them; main prints the sum and how long it took. Nothing
// here names the kernel.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kQueueLength = 16, kMostWorkers = 256 };

struct Queue {
  pthread_mutex_t mutex;
  pthread_cond_t not_empty, not_full;
  long numbers[kQueueLength];
  size_t first, count;
  int closed;
};

struct Worker {
  pthread_t thread;
  struct Queue* queue;
  long primes;
};

static int IsPrime(long number) {
  if (number < 2) return 0;
  for (long divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return 0;
  }
  return 1;
}

static void Put(struct Queue* queue, long number) {
  pthread_mutex_lock(&queue->mutex);
  while (queue->count == kQueueLength) pthread_cond_wait(&queue->not_full, &queue->mutex);
  queue->numbers[(queue->first + queue->count++) % kQueueLength] = number;
  pthread_cond_signal(&queue->not_empty);
  pthread_mutex_unlock(&queue->mutex);
}

static void Close(struct Queue* queue) {
  pthread_mutex_lock(&queue->mutex);
  queue->closed = 1;
  pthread_cond_broadcast(&queue->not_empty);
  pthread_mutex_unlock(&queue->mutex);
}

// 0: the queue is closed and empty.
static int Take(struct Queue* queue, long* number) {
  pthread_mutex_lock(&queue->mutex);
  while (queue->count == 0 && !queue->closed) pthread_cond_wait(&queue->not_empty, &queue->mutex);
  int taken = queue->count > 0;
  if (taken) {
    *number = queue->numbers[queue->first];
    queue->first = (queue->first + 1) % kQueueLength;
    --queue->count;
    pthread_cond_signal(&queue->not_full);
  }
  pthread_mutex_unlock(&queue->mutex);
  return taken;
}

static void* Work(void* argument) {
  struct Worker* worker = argument;
  for (long number; Take(worker->queue, &number);) worker->primes += IsPrime(number);
  return worker;
}

// The first argument, or `otherwise`; negative: it is no number from 1 to 1000000.
static long ReadLimit(int argc, char** argv, long otherwise) {
  if (argc < 2) return otherwise;
  char* end;
  errno = 0;
  long limit = strtol(argv[1], &end, 10);
  return errno != 0 || *end != 0 || limit < 1 || limit > 1000000 ? -1 : limit;
}

int main(int argc, char** argv) {
  long limit = ReadLimit(argc, argv, 10000);
  if (limit < 0) {
    fprintf(stderr, "cprogram: '%s': expected a number from 1 to 1000000, up to which primes are counted\n", argv[1]);
    return 2;
  }
  long workers = sysconf(_SC_NPROCESSORS_ONLN);
  if (workers > kMostWorkers) workers = kMostWorkers;
  struct Queue* queue = calloc(1, sizeof *queue);
  struct Worker* all = calloc((size_t)workers, sizeof *all);
  if (queue == NULL || all == NULL) {
    fprintf(stderr, "cprogram: %s\n", strerror(errno));
    return 1;
  }
  pthread_mutex_init(&queue->mutex, NULL);
  pthread_cond_init(&queue->not_empty, NULL);
  pthread_cond_init(&queue->not_full, NULL);

  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long i = 0; i < workers; ++i) {
    all[i].queue = queue;
    int error = pthread_create(&all[i].thread, NULL, Work, &all[i]);
    if (error != 0) {
      fprintf(stderr, "cprogram: worker %ld: %s\n", i, strerror(error));
      return 1;
    }
  }
  for (long number = 1; number <= limit; ++number) Put(queue, number);
  Close(queue);
  long primes = 0;
  for (long i = 0; i < workers; ++i) {
    void* ended;
    pthread_join(all[i].thread, &ended);
    primes += ((struct Worker*)ended)->primes;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);

  time_t now = time(NULL);
  char date[32];
  strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
  printf("%ld primes up to %ld\n", primes, limit);
  printf("%ld workers, %.1f ms, on %s\n", workers,
         (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6, date);
  free(all);
  free(queue);
  return 0;
}

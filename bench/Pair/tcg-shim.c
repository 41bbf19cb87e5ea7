/*
 * Preloaded into a QEMU whose guest runs under TCG. COLO of QEMU 7.2 was made for KVM, and under TCG
 *  1. reads the dirty bitmap without the big lock, for which TCG has the thread wait on a condition of that lock: it comes back
 *     as the owner of a lock that it never took, and the next one who takes it waits for ever;
 *  2. clears dirty bits while the vCPU's TLB goes on letting writes through unseen: pages of the secondary stay old.
 * Here a wait on a lock that the caller does not hold takes and gives it back itself; and the TLBs are emptied there and at
 * every message that the migration thread sends. QEMU's executable stays as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_NS = 2 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int (*next_cond_wait)(pthread_cond_t *, pthread_mutex_t *);
static ssize_t (*next_sendmsg)(int, const struct msghdr *, int);
static void *(*cpu_of)(int);
static void (*flush_tlb)(void *);

static void resolve(void)
{
    /* The plain name could be the condition variable of before glibc 2.3.2, which has another layout. */
    next_cond_wait = (int (*)(pthread_cond_t *, pthread_mutex_t *))dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
    next_sendmsg = (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
    cpu_of = (void *(*)(int))dlsym(RTLD_DEFAULT, "qemu_get_cpu");
    flush_tlb = (void (*)(void *))dlsym(RTLD_DEFAULT, "tlb_flush");
}

static void empty_tlbs(void)
{
    if (!cpu_of || !flush_tlb)
        return;
    void *cpu;
    for (int index = 0; (cpu = cpu_of(index)) != NULL; index++)
        flush_tlb(cpu);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    pthread_once(&once, resolve);
    bool plain = mutex->__data.__kind == PTHREAD_MUTEX_NORMAL;
    if (!plain || mutex->__data.__owner == gettid())
        return next_cond_wait(condition, mutex);

    struct timespec until;
    pthread_mutex_lock(mutex);
    empty_tlbs();
    /* Whoever was to be waited for may have signalled before the lock was taken. */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_NS;
    if (until.tv_nsec >= SECOND_NS) {
        until.tv_nsec -= SECOND_NS;
        until.tv_sec++;
    }
    pthread_cond_timedwait(condition, mutex, &until);
    pthread_mutex_unlock(mutex);
    return 0;
}

static bool is_migration_thread(void)
{
    static __thread enum { UNKNOWN, YES, NO } known;
    if (known == UNKNOWN) {
        char name[16 + 1] = "";
        prctl(PR_GET_NAME, name);
        known = strncmp(name, "live_migration", strlen("live_migration")) == 0 ? YES : NO;
    }
    return known == YES;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    pthread_once(&once, resolve);
    if (is_migration_thread())
        empty_tlbs();
    return next_sendmsg(fd, message, flags);
}

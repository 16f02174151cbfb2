/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-people: hosts with few and with many users, for nss-bench.  Whatever
 * fails ends the program.
 */
#ifndef SIGNIN_BENCH_PEOPLE_H
#define SIGNIN_BENCH_PEOPLE_H

/* Names missing0 to missing15 stand among the misses. */
#define BENCH_MISSES 16

/* A mount namespace with a /run and a /var/lib of its own. */
void bench_enter(void);

/*
 * Make files with that many users: local0, local1, ... in a passwd file, user0,
 * user1, ... in a snapshot.  local1 and user1 are in 21 groups.
 */
void bench_make(unsigned local, unsigned external);

/* Put them where they are read. */
void bench_bind_local(unsigned local);
void bench_use_snapshot(unsigned external);
/* passwd, group of /etc/nsswitch.conf. */
void bench_write_services(const char *services);

#endif

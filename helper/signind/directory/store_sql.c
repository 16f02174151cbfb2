/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>

#include "signind/log.h"

/*
 * ids holds every column twice, in the table and in its index: a flipped bit
 * in either is found when the file is opened (store_check.c).  The triggers
 * hold for an administrator's sqlite3(1) as well.
 */
const char *const store_schema[STORE_OBJECTS] = {
    "CREATE TABLE ids (id INTEGER PRIMARY KEY "
    "CHECK (id BETWEEN 1000 AND 4294967293), "
    "kind TEXT NOT NULL CHECK (kind IN ('user', 'group')), "
    "issuer TEXT NOT NULL, subject TEXT NOT NULL, "
    "UNIQUE (kind, issuer, subject)) STRICT",
    "CREATE TRIGGER ids_stay_the_same BEFORE UPDATE ON ids BEGIN "
    "SELECT RAISE(ABORT, 'an id is never changed'); END",
    "CREATE TRIGGER ids_stay BEFORE DELETE ON ids BEGIN "
    "SELECT RAISE(ABORT, 'an id is never given up'); END",
    /* INSERT OR REPLACE deletes without asking the trigger above. */
    "CREATE TRIGGER ids_are_given_once BEFORE INSERT ON ids "
    "WHEN EXISTS (SELECT 1 FROM ids WHERE id = NEW.id) "
    "OR EXISTS (SELECT 1 FROM ids WHERE kind = NEW.kind "
    "AND issuer = NEW.issuer AND subject = NEW.subject) BEGIN "
    "SELECT RAISE(ABORT, 'an id is given once'); END",
    /* In order of name, so that NSS's snapshot is written in one pass. */
    "CREATE TABLE users (name TEXT NOT NULL PRIMARY KEY, "
    "uid INTEGER NOT NULL UNIQUE REFERENCES ids (id), "
    "gid INTEGER NOT NULL, directory TEXT NOT NULL, "
    "issuer TEXT NOT NULL, subject TEXT NOT NULL, "
    "gecos TEXT NOT NULL, home TEXT NOT NULL, shell TEXT NOT NULL, "
    "enabled INTEGER NOT NULL, first_seen_s INTEGER NOT NULL, "
    "checked_at_s INTEGER NOT NULL, gone_since_s INTEGER NOT NULL, "
    "missing INTEGER NOT NULL, sign_in_subject TEXT, "
    "UNIQUE (issuer, subject)) STRICT, WITHOUT ROWID",
    /* Apart, so that the pass does not read it. */
    "CREATE TABLE details (uid INTEGER PRIMARY KEY "
    "REFERENCES users (uid) ON DELETE CASCADE, "
    "origins TEXT, ssh_keys TEXT) STRICT",
    "CREATE TABLE former_names (name TEXT NOT NULL PRIMARY KEY, "
    "uid INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE) "
    "STRICT, WITHOUT ROWID",
    /* listed: 0 no; 1 yes; 2 was, and a new listing has begun. */
    "CREATE TABLE groups (number INTEGER PRIMARY KEY, "
    "directory TEXT NOT NULL, id TEXT NOT NULL, name TEXT, "
    "plain_name TEXT, gid INTEGER NOT NULL, local INTEGER NOT NULL, "
    "listed INTEGER NOT NULL, UNIQUE (directory, id)) STRICT",
    "CREATE INDEX groups_by_name ON groups (name)",
    "CREATE INDEX groups_by_plain_name ON groups (plain_name)",
    "CREATE TABLE members (uid INTEGER NOT NULL "
    "REFERENCES users (uid) ON DELETE CASCADE, "
    "number INTEGER NOT NULL REFERENCES groups (number), "
    "origin TEXT NOT NULL, PRIMARY KEY (uid, number, origin)) "
    "STRICT, WITHOUT ROWID",
    "CREATE INDEX members_by_group ON members (number, origin, uid)",
    /* When the last complete list of a directory began. */
    "CREATE TABLE lists (directory TEXT NOT NULL PRIMARY KEY, "
    "started_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
};

#define USER_COLUMNS                                                           \
    "SELECT u.name, u.uid, u.gid, u.directory, u.issuer, u.subject, "          \
    "u.gecos, u.home, u.shell, u.enabled, u.first_seen_s, u.checked_at_s, "    \
    "u.gone_since_s, u.missing, u.sign_in_subject, d.origins, d.ssh_keys "     \
    "FROM users u LEFT JOIN details d ON d.uid = u.uid "

/* A group that counts: listed, or somebody is in it who is not gone. */
#define OTHER_COUNTS                                                           \
    "o.number <> g.number AND (o.listed > 0 OR EXISTS (SELECT 1 "              \
    "FROM members n JOIN users w ON w.uid = n.uid "                            \
    "WHERE n.number = o.number AND w.gone_since_s = 0))"
#define GROUP_AMBIGUOUS                                                        \
    "(EXISTS (SELECT 1 FROM groups o WHERE o.plain_name = g.plain_name "       \
    "AND " OTHER_COUNTS                                                        \
    ") OR EXISTS (SELECT 1 FROM groups o WHERE o.name = g.name "               \
    "AND " OTHER_COUNTS "))"
#define GROUP_COLUMNS                                                          \
    "g.name, g.gid, g.local, g.directory, g.id, "                              \
    "g.plain_name, " GROUP_AMBIGUOUS " "
#define GROUP_ALIVE                                                            \
    "(g.listed > 0 OR EXISTS "                                                 \
    "(SELECT 1 FROM members m WHERE m.number = g.number)) "

const char *const store_sql[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT step",
    [SQL_RELEASE] = "RELEASE step",
    [SQL_ROLLBACK_TO] = "ROLLBACK TO step",
    [SQL_ID_FIND] = "SELECT id FROM ids "
                    "WHERE kind = ?1 AND issuer = ?2 AND subject = ?3",
    [SQL_ID_OWNER] = "SELECT kind, issuer, subject FROM ids WHERE id = ?1",
    [SQL_ID_ADD] = "INSERT INTO ids (kind, issuer, subject, id) "
                   "VALUES (?1, ?2, ?3, ?4)",
    [SQL_ID_EACH_FROM] = "SELECT id FROM ids WHERE id BETWEEN ?1 AND ?2 "
                         "ORDER BY id",
    [SQL_USER_BY_NAME] = USER_COLUMNS "WHERE u.name = ?1",
    [SQL_USER_BY_UID] = USER_COLUMNS "WHERE u.uid = ?1",
    [SQL_USER_BY_SUBJECT] =
        USER_COLUMNS "WHERE u.issuer = ?1 AND u.subject = ?2",
    [SQL_USER_EACH] = USER_COLUMNS "ORDER BY u.name",
    [SQL_NAME_TAKEN] = "SELECT 1 FROM users WHERE name = ?1 "
                       "AND (issuer <> ?2 OR subject <> ?3) "
                       "UNION ALL SELECT 1 FROM former_names f "
                       "JOIN users u ON u.uid = f.uid WHERE f.name = ?1 "
                       "AND (u.issuer <> ?2 OR u.subject <> ?3)",
    [SQL_USER_TOLD] =
        "SELECT name, name IS ?2 AND gid = ?3 AND directory = ?4 "
        "AND gecos = ?5 AND home = ?6 AND shell = ?7 AND gone_since_s = ?8 "
        "FROM users WHERE uid = ?1",
    [SQL_USER_INSERT] =
        "INSERT INTO users (name, uid, gid, directory, issuer, subject, "
        "gecos, home, shell, enabled, first_seen_s, checked_at_s, "
        "gone_since_s, missing, sign_in_subject) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [SQL_USER_UPDATE] =
        "UPDATE users SET name = ?1, gid = ?3, directory = ?4, issuer = ?5, "
        "subject = ?6, gecos = ?7, home = ?8, shell = ?9, enabled = ?10, "
        "first_seen_s = ?11, checked_at_s = ?12, gone_since_s = ?13, "
        "missing = ?14, sign_in_subject = ?15 WHERE uid = ?2",
    /* What is the same is not written again: everybody is put every few
     * minutes. */
    [SQL_DETAILS_PUT] =
        "INSERT INTO details (uid, origins, ssh_keys) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (uid) DO UPDATE SET origins = ?2, ssh_keys = ?3 "
        "WHERE origins IS NOT ?2 OR ssh_keys IS NOT ?3",
    [SQL_FORMER_ADD] = "INSERT INTO former_names (name, uid) VALUES (?1, ?2)",
    [SQL_FORMER_DROP] = "DELETE FROM former_names WHERE name = ?1",
    [SQL_USERS_MISSING] =
        "UPDATE users SET missing = 1, gone_since_s = "
        "CASE gone_since_s WHEN 0 THEN ?3 ELSE gone_since_s END "
        "WHERE directory = ?1 AND missing = 0 "
        "AND (checked_at_s < ?2 OR checked_at_s > max(?2, ?3))",
    [SQL_USER_FORGET] = "DELETE FROM users WHERE name = ?1",
    [SQL_GROUP_NUMBER] =
        "SELECT number FROM groups WHERE directory = ?1 AND id = ?2",
    [SQL_GROUP_BY_ID] = "SELECT " GROUP_COLUMNS "FROM groups g "
                        "WHERE g.directory = ?1 AND g.id = ?2",
    [SQL_GROUP_PUT] =
        "INSERT INTO groups (directory, id, name, plain_name, gid, local, "
        "listed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) "
        "ON CONFLICT (directory, id) DO UPDATE "
        "SET name = ?3, plain_name = ?4, gid = ?5, local = ?6 "
        "WHERE name IS NOT ?3 OR plain_name IS NOT ?4 OR gid <> ?5 "
        "OR local <> ?6",
    [SQL_GROUP_EACH] =
        "SELECT " GROUP_COLUMNS "FROM groups g WHERE " GROUP_ALIVE
        "ORDER BY g.name, g.directory, g.id",
    [SQL_GROUPS_OF] =
        "SELECT " GROUP_COLUMNS "FROM groups g WHERE g.number IN "
        "(SELECT m.number FROM members m JOIN users u ON u.uid = m.uid "
        "WHERE u.issuer = ?1 AND u.subject = ?2) "
        "ORDER BY g.name, g.directory, g.id",
    [SQL_UID_OF] = "SELECT uid FROM users WHERE issuer = ?1 AND subject = ?2",
    [SQL_NUMBERS_OF] = "SELECT number FROM members "
                       "WHERE uid = ?1 AND origin = ?2 ORDER BY number",
    [SQL_UIDS_OF] = "SELECT uid FROM members "
                    "WHERE number = ?1 AND origin = ?2 ORDER BY uid",
    [SQL_MEMBER_ADD] = "INSERT INTO members (uid, number, origin) "
                       "VALUES (?1, ?2, ?3)",
    [SQL_MEMBER_DROP] = "DELETE FROM members "
                        "WHERE uid = ?1 AND number = ?2 AND origin = ?3",
    [SQL_MEMBERS_OF] = "SELECT DISTINCT u.name FROM groups g "
                       "JOIN members m ON m.number = g.number "
                       "JOIN users u ON u.uid = m.uid "
                       "WHERE g.directory = ?1 AND g.id = ?2 ORDER BY u.name",
    [SQL_LIST_ONE] = "UPDATE groups SET listed = 1 "
                     "WHERE number = ?1 AND listed <> 1",
    [SQL_LIST_BEGIN] =
        "UPDATE groups SET listed = 2 WHERE directory = ?1 AND listed = 1",
    [SQL_LIST_END_MEMBERS] =
        "DELETE FROM members WHERE origin = 'list' AND number IN "
        "(SELECT number FROM groups WHERE directory = ?1 AND listed = 2)",
    [SQL_LIST_END_GROUPS] =
        "UPDATE groups SET listed = 0 WHERE directory = ?1 AND listed = 2",
    [SQL_LIST_TIME_SET] =
        "INSERT INTO lists (directory, started_s) VALUES (?1, ?2) "
        "ON CONFLICT (directory) DO UPDATE SET started_s = ?2",
    [SQL_LIST_TIME] = "SELECT started_s FROM lists WHERE directory = ?1",
    /* For people_rules: is a name that NSS may be told of a group's, a user's?
     */
    [SQL_NAME_OF_GROUP] = "SELECT 1 FROM groups g WHERE g.name = ?1 "
                          "AND g.local = 0 AND " GROUP_ALIVE,
    [SQL_NAME_OF_USER] = "SELECT 1 FROM users WHERE name = ?1",
    [SQL_SNAPSHOT_USERS] =
        "SELECT name, uid, gid, gecos, home, shell, directory, gone_since_s "
        "FROM users ORDER BY name",
    [SQL_SNAPSHOT_MEMBERS] =
        "SELECT uid, number FROM members ORDER BY uid, number",
    [SQL_SNAPSHOT_GROUPS] =
        "SELECT g.number, g.name, g.gid, g.local FROM groups g "
        "WHERE g.name IS NOT NULL AND g.gid > 0 AND " GROUP_ALIVE
        "AND NOT " GROUP_AMBIGUOUS " ORDER BY g.name",
};

// SPDX-License-Identifier: BSD-2-Clause
//
// A real SCIM 2.0 service (the npm libraries scimmy and scimmy-routers) with
// TLS, on 127.0.0.1 only:  node server.mjs DIR PORT
//
// DIR has server.key and server.crt; a file "ready" appears when it listens.
// Everything is below /scim and wants "Authorization: Bearer
// scim-s3cret-token".  Filters, paging and PATCH are the libraries' own.
//
// Users: alice bob carol dave(not active) erin; groups linux-users (all of
// them) and linux-admins (alice).  From the environment: GENERATED, how many
// more users (u000001, ...), in groups of 1,000 (team-1, ...); PAGE_MAX, the
// most it gives in one page, whatever count asks for.
//
// Change it at run time as any SCIM client: PATCH, POST, DELETE.  An id is
// never given twice.
//
// For tests only: GET /_test/requests, what was asked; POST /_test/forget;
// POST /_test/trouble/NAME, one of
//   none      all is well
//   down      503 to everything
//   everybody the filter is taken for none
//   empty     lists say that there is nobody
//   cut       lists end after the first page, without saying so

import fs from 'node:fs';
import https from 'node:https';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';

const [dir, port] = process.argv.slice(2);
const token = 'scim-s3cret-token';
const pageMax = Number(process.env.PAGE_MAX ?? 1000);
const generated = Number(process.env.GENERATED ?? 0);

const users = new Map();
const groups = new Map();
const requests = [];
let trouble = 'none';
let numbers = 1000;

function put(store, prefix, given) {
  const id = `${prefix}-${++numbers}`;
  const now = new Date().toISOString();
  const resource = { ...given, id, meta: { created: now, lastModified: now } };
  store.set(id, resource);
  return resource;
}

function fill() {
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) {
    put(users, 'u', {
      userName: name,
      displayName: `${name[0].toUpperCase()}${name.slice(1)} of the tests`,
      active: name !== 'dave',
      emails: [{ value: `${name}@example.org`, primary: true }],
    });
  }
  const members = (names) => [...users.values()]
    .filter((user) => names.includes(user.userName))
    .map((user) => ({ value: user.id, display: user.userName }));
  const all = [...users.values()].map((user) => user.userName);
  put(groups, 'g', { displayName: 'linux-users', members: members(all) });
  put(groups, 'g', { displayName: 'linux-admins', members: members(['alice']) });
  let team = [];
  for (let i = 1; i <= generated; i++) {
    const name = `u${String(i).padStart(6, '0')}`;
    const user = put(users, 'u', {
      userName: name, displayName: `User ${i}`, active: true });
    team.push({ value: user.id, display: name });
    if (team.length === 1000 || i === generated) {
      put(groups, 'g', {
        displayName: `team-${Math.ceil(i / 1000)}`, members: team });
      team = [];
    }
  }
}

// What a GET answers: one, those that the filter matches, or a page of all.
function select(store, resource) {
  if (resource.id) {
    const found = store.get(resource.id);
    if (!found) {
      throw new SCIMMY.Types.Error(404, null, `${resource.id} not found`);
    }
    return found;
  }
  if (resource.filter && trouble !== 'everybody') {
    return resource.filter.match([...store.values()]);
  }
  const all = trouble === 'empty' ? [] : [...store.values()];
  const page = resource.constraints ??= {};
  page.count = Math.min(page.count ?? 20, pageMax);
  if (page.sortBy || all.length === 0) return all;
  // The library would read every user again for each page; it takes a page
  // that is cut already if that cannot be mistaken for a whole list.
  const start = page.startIndex ?? 1;
  if (start !== 1 && start <= page.count) return all;
  page.totalResults = all.length;
  if (trouble === 'cut' && start !== 1) return [];
  return all.slice(start - 1, start - 1 + page.count);
}

function change(store, prefix, resource, given, unique) {
  const taken = [...store.values()].some((other) =>
    other[unique] === given[unique] && other.id !== resource.id);
  if (taken) {
    throw new SCIMMY.Types.Error(409, 'uniqueness', `${unique} is taken`);
  }
  if (!resource.id) return put(store, prefix, given);
  const changed = { ...select(store, resource), ...given, id: resource.id };
  store.set(resource.id, changed);
  return changed;
}

// What RFC 7643 leaves to extensions, and a host wants to know.
const attribute = (type, name, config) =>
  new SCIMMY.Types.Attribute(type, name, config);
SCIMMY.Schemas.User.extend([
  attribute('string', 'sshPublicKeys', { multiValued: true, caseExact: true }),
  attribute('integer', 'uidNumber'),
  attribute('string', 'loginShell', { caseExact: true }),
  attribute('string', 'homeDirectory', { caseExact: true }),
]);
SCIMMY.Resources.declare(SCIMMY.Resources.User, {
  egress: async (resource) => select(users, resource),
  ingress: async (resource, given) =>
    change(users, 'u', resource, given, 'userName'),
  degress: async (resource) => {
    select(users, resource);
    users.delete(resource.id);
    for (const group of groups.values()) {
      group.members = (group.members ?? [])
        .filter((member) => member.value !== resource.id);
    }
  },
});
SCIMMY.Resources.declare(SCIMMY.Resources.Group, {
  egress: async (resource) => select(groups, resource),
  ingress: async (resource, given) =>
    change(groups, 'g', resource, given, 'displayName'),
  degress: async (resource) => {
    select(groups, resource);
    groups.delete(resource.id);
  },
});

const app = express();
app.disable('x-powered-by');
app.post('/_test/trouble/:name', (request, response) => {
  trouble = request.params.name;
  response.json({});
});
app.get('/_test/requests', (request, response) => response.json(requests));
app.post('/_test/forget', (request, response) => {
  requests.length = 0;
  response.json({});
});
app.use((request, response, next) => {
  // A list of 100,000 is not worth remembering page by page.
  if (requests.length < 1000) {
    requests.push(`${request.method} ${request.originalUrl}`);
  }
  if (trouble === 'down') response.status(503).end();
  else next();
});
app.use('/scim', new SCIMMYRouters({
  type: 'bearer',
  handler: (request) => {
    if (request.header('Authorization') !== `Bearer ${token}`) {
      throw new Error('no, or another, token');
    }
    return 'signin';
  },
}));

fill();
https.createServer({
  key: fs.readFileSync(`${dir}/server.key`),
  cert: fs.readFileSync(`${dir}/server.crt`),
}, app).listen(Number(port), '127.0.0.1', () => {
  fs.writeFileSync(`${dir}/ready`, '');
});

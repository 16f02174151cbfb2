// SPDX-License-Identifier: BSD-2-Clause
//
// The npm package oauth2-mock-server with TLS, on 127.0.0.1 only:
//   node server.mjs DIR PORT
//
// DIR has server.key and server.crt; a file "ready" appears when it listens.
//
// As it comes, it takes any password, calls everybody johndoe at /userinfo
// and at a refresh, and calls every token active.  With HOOKS=yes in the
// environment its documented hooks give it users, and a memory for tokens:
// alice bob carol with the password NAME-Passw0rd.
//
// For tests only:  GET /_test/state     what was asked, which tokens live
//                  POST /_test/ttl/N    seconds that access tokens live

import fs from 'node:fs';
import https from 'node:https';
import { randomUUID } from 'node:crypto';
import mock from 'oauth2-mock-server';

const [dir, port] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const users = ['alice', 'bob', 'carol'];
const grants = new Set(); // { user, access, refresh }
const seen = [];
let ttl = 3600;

const server = new mock.OAuth2Server(
  `${dir}/server.key`, `${dir}/server.crt`);
server.issuer.url = issuer;
await server.issuer.keys.generate('RS256');
const { service } = server;

const grantOf = (token) => [...grants].find(
  (grant) => grant.refresh === token || grant.access === token);
const bearer = (request) => /^Bearer (\S+)$/.exec(
  request.headers.authorization ?? '')?.[1];

function authorized({ grant_type: type, username, password, refresh_token }) {
  if (type === 'password') {
    return users.includes(username) && password === `${username}-Passw0rd`
      ? { user: username } : undefined;
  }
  const grant = grantOf(refresh_token);
  return type === 'refresh_token' && grant?.refresh === refresh_token
    ? grant : undefined;
}

if (process.env.HOOKS === 'yes') {
  service.on('beforeTokenSigning', (token, request) => {
    const grant = authorized(request.body);
    if (grant) token.payload.sub = grant.user;
    token.payload.jti = randomUUID();
    token.payload.exp = token.payload.iat + ttl;
  });
  service.on('beforeResponse', (response, request) => {
    const grant = authorized(request.body);
    if (!grant) {
      response.statusCode = 400;
      response.body = { error: 'invalid_grant' };
      return;
    }
    grant.access = response.body.access_token;
    grant.refresh = response.body.refresh_token;
    response.body.expires_in = ttl;
    grants.add(grant);
  });
  service.on('beforeUserinfo', (response, request) => {
    const grant = grantOf(bearer(request));
    response.statusCode = grant ? 200 : 401;
    response.body = grant ? { sub: grant.user } : { error: 'invalid_token' };
  });
  service.on('beforeIntrospect', (response, request) => {
    const grant = grantOf(request.body.token);
    response.body = grant
      ? { active: true, username: grant.user } : { active: false };
  });
  service.on('beforeRevoke', (response, request) => {
    grants.delete(grantOf(request.body.token));
  });
}

function answerTest(request, response) {
  const life = /^\/_test\/ttl\/(\d+)$/.exec(request.url);
  if (life) ttl = Number(life[1]);
  const tokens = [...grants].flatMap((grant) => [grant.access, grant.refresh]);
  response.end(JSON.stringify({ requests: seen, alive: tokens }));
}

// It parses forms at the token endpoint only, and leaves alone what has been
// parsed before it; the hooks above look at the forms of all endpoints.
async function answer(request, response) {
  if (request.url.startsWith('/_test/')) {
    answerTest(request, response);
    return;
  }
  let text = '';
  for await (const piece of request) text += piece;
  request.body = Object.fromEntries(new URLSearchParams(text));
  request._body = true;
  response.on('finish', () => seen.push({
    line: `${request.method} ${request.url} ${response.statusCode}`,
    type: request.headers['content-type'],
    body: text,
  }));
  service.requestHandler(request, response);
}

https.createServer({
  key: fs.readFileSync(`${dir}/server.key`),
  cert: fs.readFileSync(`${dir}/server.crt`),
}, answer).listen(Number(port), '127.0.0.1', () => {
  fs.writeFileSync(`${dir}/ready`, '');
});

// SPDX-License-Identifier: BSD-2-Clause
//
// A real OpenID provider (the npm library oidc-provider) with TLS, on
// 127.0.0.1 only:  node server.mjs DIR PORT PUBLIC
//
// DIR has server.key and server.crt; a file "ready" appears when it listens.
// PUBLIC is the port in the issuer's name, where a proxy stands before it.
// From the environment: TOKEN_FORMAT opaque|jwt, ACCESS_TTL and REFRESH_TTL
// in seconds.
//
// The library has no password grant; it has a place to add grants, and this
// uses it.  Refresh with rotation, revocation and introspection are its own.
//
// Switches for tests:  POST /_test/lock/NAME, /_test/unlock/NAME

import fs from 'node:fs';
import https from 'node:https';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';

// Debian 12's Node 18 does not yet have it as a global.
globalThis.crypto ??= webcrypto;

const [dir, port, publicPort] = process.argv.slice(2);
const issuer = `https://localhost:${publicPort}`;
const accessTTL = Number(process.env.ACCESS_TTL ?? 300);
const refreshTTL = Number(process.env.REFRESH_TTL ?? 3600);
const jwt = process.env.TOKEN_FORMAT === 'jwt';
const hosts = 'urn:signin:tests:hosts'; // the resource JWTs are for

const users = new Map(['alice', 'bob', 'carol', 'dave'].map((name) => [
  name, { password: `${name}-Passw0rd`, locked: name === 'dave' }]));

async function findAccount(ctx, id) {
  const user = users.get(id);
  if (!user || user.locked) return undefined;
  return { accountId: id, claims: async () => ({ sub: id }) };
}

const resource = {
  scope: 'login',
  audience: hosts,
  accessTokenTTL: accessTTL,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
};

function client(id, method) {
  return {
    client_id: id,
    ...(method === 'none' ? {} : { client_secret: `${id}-s3cret` }),
    token_endpoint_auth_method: method,
    grant_types: ['password', 'refresh_token', 'authorization_code'],
    redirect_uris: ['https://localhost/unused'],
    response_types: ['code'],
  };
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signingKey = {
  ...privateKey.export({ format: 'jwk' }), kid: 'tests', alg: 'RS256', use: 'sig' };

const provider = new Provider(issuer, {
  jwks: { keys: [signingKey] },
  cookies: { keys: ['signin tests'] },
  scopes: ['openid', 'login'],
  clients: [client('pam', 'client_secret_basic'),
    client('pampost', 'client_secret_post'), client('pampub', 'none')],
  ttl: {
    AccessToken: accessTTL, RefreshToken: refreshTTL, Grant: refreshTTL,
    IdToken: 300, Session: 3600, Interaction: 600,
  },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  findAccount,
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: jwt,
      defaultResource: () => hosts,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resource,
    },
  },
});

// RFC 6749, 4.3
provider.registerGrantType('password', async (ctx) => {
  const { client: asking, params } = ctx.oidc;
  for (const name of ['username', 'password']) {
    if (!params[name]) {
      throw new errors.InvalidRequest(`missing required parameter '${name}'`);
    }
  }
  const user = users.get(params.username);
  if (!user || user.password !== params.password) {
    throw new errors.InvalidGrant('invalid resource owner credentials');
  }
  if (user.locked) throw new errors.InvalidGrant('account is locked');

  const accountId = params.username;
  ctx.oidc.entity('Account', await findAccount(ctx, accountId));
  const grant = new provider.Grant({ accountId, clientId: asking.clientId });
  grant.addOIDCScope('login');
  if (jwt) grant.addResourceScope(hosts, 'login');
  const grantId = await grant.save();
  ctx.oidc.entity('Grant', grant);

  const about = {
    accountId, client: asking, grantId, gty: 'password', scope: 'login' };
  const access = new provider.AccessToken(about);
  if (jwt) access.resourceServer = new provider.ResourceServer(hosts, resource);
  ctx.oidc.entity('AccessToken', access);
  const refresh = new provider.RefreshToken(
    { ...about, ...(jwt ? { resource: hosts } : {}) });
  ctx.oidc.entity('RefreshToken', refresh);
  ctx.body = {
    access_token: await access.save(),
    expires_in: access.expiration,
    token_type: access.tokenType,
    scope: 'login',
    refresh_token: await refresh.save(),
  };
}, ['username', 'password', 'scope'], []);

provider.on('server_error', (ctx, error) => console.error(error));

const answer = provider.callback();
https.createServer({
  key: fs.readFileSync(`${dir}/server.key`),
  cert: fs.readFileSync(`${dir}/server.crt`),
}, (request, response) => {
  const test = /^\/_test\/(lock|unlock)\/(\w+)$/.exec(request.url);
  if (test && request.method === 'POST') {
    users.get(test[2]).locked = test[1] === 'lock';
    response.end();
    return;
  }
  answer(request, response);
}).listen(Number(port), '127.0.0.1', () => {
  fs.writeFileSync(`${dir}/ready`, '');
});

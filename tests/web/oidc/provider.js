// A real OpenID Connect provider (npm oidc-provider) for the tests, on loopback.
// usage: node provider.js PORT CLIENT SECRET REDIRECT

import { Provider } from "oidc-provider";

const [port, client_id, client_secret, redirect] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id, client_secret, redirect_uris: [redirect], response_types: ["code"] }],
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
});
provider.listen(Number(port), "localhost", () => console.log("ready"));

/** Who may come in: everybody, from pages of the same host. docs: guide/auth.md of Fanfare has tokens and sessions. */

export const access = { anonymous: true };

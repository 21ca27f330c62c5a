/** Who may come in: everybody, from the pages of Next.js, which are of another port. */

export const access = {
  anonymous: true,
  origins: (process.env.ORIGINS ?? 'http://localhost:3000').split(','),
};

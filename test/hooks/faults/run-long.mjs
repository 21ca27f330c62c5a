// @ts-check
/** `npm run test:hooks:long`: the experiment with 1,000 clients and 200 connects a second; prints its figures. */
process.env.HOOK_FAULTS = 'long';
process.argv.splice(2, Number.POSITIVE_INFINITY, '--project', 'integration', 'test/hooks/hook-backend-faults.test.ts');
await import('../../../scripts/test.mjs');

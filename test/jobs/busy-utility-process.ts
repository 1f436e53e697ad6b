/** {@link file://./busy-process.ts} as Electron starts it: with a port in place of the channel, and no event when the host goes. */
Object.assign(process, {
  parentPort: {
    on: (_: 'message', listener: (event: { data: unknown }) => void) =>
      process.on('message', (data) => listener({ data })),
    postMessage: ({ message }: { message: object }) => process.send!(message),
  },
});
await import('./busy-process.ts');

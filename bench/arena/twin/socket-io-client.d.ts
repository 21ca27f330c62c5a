/** The client that comes with Socket.IO's server, which has no types: what the twin uses of it. */

declare module '*/socket.io.esm.min.js' {
  export interface Socket {
    readonly connected: boolean;
    readonly volatile: Socket;
    on(event: string, listener: (...args: never[]) => void): this;
    off(event: string, listener: (...args: never[]) => void): this;
    emit(event: string, ...args: unknown[]): this;
    timeout(ms: number): Socket;
    emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
    close(): this;
  }

  export function io(
    url: string,
    options: { readonly auth: object; readonly transports?: readonly string[]; readonly reconnectionDelayMax?: number },
  ): Socket;
}

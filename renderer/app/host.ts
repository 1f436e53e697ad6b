/** Whether a browser shows the page; Electron's pages have a protocol of their own. */
export const onWeb = location.protocol.startsWith('http');

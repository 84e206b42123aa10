// The pages are served beside the client; on disk it has a folder of its own.
export * from '../../../clients/javascript/index.js';

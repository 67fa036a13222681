/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The service's policy allows files of its own only: nothing is written into the page or made a data: address.
export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
  // One environment for many files: a new one for each takes four times as long as all tests.
  test: { pool: 'threads', isolate: false, setupFiles: ['./vitest.setup.ts'] },
})

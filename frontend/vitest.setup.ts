import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

// Files share their modules: what a module of theirs registered would hold for the first file only.
afterEach(cleanup)

import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

// The library does this by itself only in the first file, where files share their modules.
afterEach(cleanup)

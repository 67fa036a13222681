import { createTheme, Modal } from '@mantine/core'

/** Looks of Mantine's parts; the colours themselves are in theme.css. */
export const theme = createTheme({
  primaryColor: 'indigo',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // Locking the page's scroll writes a style into the page, which the service's policy refuses.
  components: { Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }) },
})

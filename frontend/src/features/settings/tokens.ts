import type { Shape } from '../../api/client'

/** Return whether a token lets in at a moment, or why it does not. */
export function state({ revoked_at, expires_at }: Pick<Shape<'TokenRow'>, 'revoked_at' | 'expires_at'>, now: Date): 'valid' | 'expired' | 'revoked' {
  if (revoked_at) return 'revoked'
  return expires_at && new Date(expires_at) <= now ? 'expired' : 'valid'
}

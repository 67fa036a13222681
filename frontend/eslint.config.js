import { readdirSync } from 'node:fs'
import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

const features = readdirSync('src/features')

export default ts.config(
  { ignores: ['dist', 'src/api/schema.ts'] },
  js.configs.recommended,
  ts.configs.strict,
  hooks.configs.flat.recommended,
  {
    rules: {
      'max-lines': ['error', 300],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'What a model or a person wrote is text.' },
      ],
      // TanStack's table and virtualiser hand out functions that change; nothing here is compiled by React's compiler.
      'react-hooks/incompatible-library': 'off',
    },
  },
  { files: ['scripts/*.js', '*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  { files: ['src/parts/**', 'src/api/**'], rules: { 'no-restricted-imports': ['error', { patterns: ['**/features/**', '**/shell/**'] }] } },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/shell/**', '**/routes'], message: 'A feature knows neither the shell nor the routes.' },
            {
              regex: `(^\\.\\./|features/)(${features.filter((other) => other !== feature).join('|')})(/|$)`,
              message: 'Features do not import each other; what two of them need is a part.',
            },
          ],
        },
      ],
    },
  })),
)

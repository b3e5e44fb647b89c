" Vim and Neovim: colours of rules in the language of `policy`.
" generated: python tests/support/editor_files.py
if exists('b:current_syntax') | finish | endif
syn case match
syn keyword policyDeclaration adopt calendar currency decision enum import language parameter priority property provision record ruleset set source table test tighten value
syn keyword policyType boolean date decimal duration instant integer list money optional period price quantity rate set text
syn keyword policyEffect deny permit
syn keyword policyConstant false none today true
syn keyword policyOperator and default else if in is modulo not or then with
syn keyword policyKeyword abs absent add after all always amends any applies apply at because before best by changeable clamp count denied distinct down earliest even exactly excused expect fails first for from given half higher highest holds holidays issued largest latest least lower lowest max measure min most needs note of offset on one other otherwise per permitted pillar present read reference refused refuted remove renamed rest round rounded row rows says sha256 smallest spelt status stricter sum that the though to undecided unless unset until up when where zh
syn match policyAttribute '\<\h\w*\ze\s*:'
syn match policyAttribute '\.\@1<=\h\w*'
syn match policyNumber '\<\d[0-9_]*\%(\.\d\+\)\?%\?'
syn match policyDate '\<\d\{4}-\d\d-\d\d\%(T[0-9:.]\+\%(Z\|[+-]\d\d:\d\d\)\)\?'
syn match policyCitation '\<[A-Z][A-Z0-9_]*/\w\+\%([.()-]*\w\+\)*)\?'
syn region policyString start='\"' skip='\\[\"\\]' end='\"' oneline
syn match policyComment '#.*$'
syn match policyComment '|\s*-\{3,}[-| \t]*|'
hi def link policyDeclaration Structure
hi def link policyType Type
hi def link policyConstant Constant
hi def link policyEffect Statement
hi def link policyOperator Operator
hi def link policyKeyword Keyword
hi def link policyAttribute Identifier
hi def link policyNumber Number
hi def link policyDate Number
hi def link policyCitation Tag
hi def link policyString String
hi def link policyComment Comment
let b:current_syntax = 'policy'

import time,sys
from policy.pipeline import *
from policy.verify.questions import batches
from policy.verify.decide import *
from collections import Counter
texts,_=read_folder(sys.argv[1:] or ["rulesets"]); c=check(texts)
for d in c.errors: print(d)
p=program(c)
t0=time.time(); cnt=Counter()
for b in batches(c.model,p):
    t1=time.time()
    for v in decided(p,b,Limits(10,3)):
        cnt[v.kind,v.status]+=1
        if v.status!=Status.PROVED: print(v.outcome,'|',v.kind,v.subject,'|',v.says,v.place,'|',v.example)
        if v.notes: print('    NOTE', v.subject, v.notes)
    if time.time()-t1>1: print('   slow', b.claims[0].subject, len(b.claims), round(time.time()-t1,2))
print(time.time()-t0); print(cnt)

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
N            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
W            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
:            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
[            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
]            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
-            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
G            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
L            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
O            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
W            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
b            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
A            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
x            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
W            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
T            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
W            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
E            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
S            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
R            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
<            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
/            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
H            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
P            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
E            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
x            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
G            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
V            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
E            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
L            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
A            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
A            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
A            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
E            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
R            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
E            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
T            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
F            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
$            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
x            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
_            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
$            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
x            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
P            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
S            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
[            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
]            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
-            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
C            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
P            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
y            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
K            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
[            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
]            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
-            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
:            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
k            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
_            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
S            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
A            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
Q            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
R            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
=            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
>            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
M            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
R            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
m            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
,            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
v            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
.            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
W            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
r            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
$            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
g            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
u            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
h            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
p            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
e            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
d            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
{            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
f            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
l            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
w            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
s            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
"            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
a            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
c            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
t            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
i            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
o            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
n            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
(            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
)            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
;            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
             _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),
}            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

            _ => ("it starts anew", () => vm.StopAndQuiesce(() =>
            {
                if (vm.Given)
                    return;
                vm.Reset(() =>
                {
                    if (vm.Given)
                        return;
                    vm.Machine.Resume();
                    restarted();
                });
            })),

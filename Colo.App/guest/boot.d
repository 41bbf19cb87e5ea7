/work/wt/guest/Colo.App/guest/boot.o: \
 /work/wt/guest/Colo.App/Guest/boot.S

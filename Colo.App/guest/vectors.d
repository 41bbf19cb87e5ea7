/work/wt/guest/Colo.App/guest/vectors.o: \
 /work/wt/guest/Colo.App/Guest/vectors.S
